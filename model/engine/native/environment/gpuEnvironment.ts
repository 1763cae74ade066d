/**
 * Where the launchers of several processes say which of this machine's processes one is, the innermost first: a job of
 * Slurm that starts processes by another way has its own number, 0, in all of them.
 */
const localRanks = ['LOCAL_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK', 'MPI_LOCALRANKID', 'SLURM_LOCALID'];

/**
 * What CUDA is to be told before it is loaded, without what the user has told it: one card, because the binding uploads
 * to the last card that it sees while operations run on the first, by the number that nvidia-smi gives it; and to keep what it compiles for a card, minutes of
 * work on some, in a cache large enough for TensorFlow.
 * Source: device lists of tfjs-node 4.22 (binding/tfjs_backend.cc); CUDA's guide, environment variables.
 * @param env          of this process
 * @param cards        that the driver has
 * @param cacheFolder  of compiled kernels; CUDA's own, in the home folder, where left out
 */
export function gpuEnvironment(env: NodeJS.ProcessEnv, cards: number, cacheFolder?: string): Record<string, string> {
  const defaults = {
    ...(cacheFolder !== undefined && { CUDA_CACHE_PATH: cacheFolder }),
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_CACHE_MAXSIZE: String(4 * 2 ** 30 - 1), // CUDA takes no more
  };
  const missing = Object.entries(defaults).filter(([name]) => env[name] === undefined);
  const card = oneCard(env, cards);
  return { ...Object.fromEntries(missing), ...(card !== undefined && { CUDA_VISIBLE_DEVICES: card }) };
}

/** The card of this process among those that it may see; undefined where it sees one or none. */
function oneCard(env: NodeJS.ProcessEnv, cards: number): string | undefined {
  const visible = env['CUDA_VISIBLE_DEVICES']?.split(',') ?? Array.from({ length: cards }, (_, card) => String(card));
  if (visible.length < 2) return undefined;
  const rank = localRanks.map((name) => Number.parseInt(env[name] ?? '')).find((value) => value >= 0) ?? 0;
  return visible[rank % visible.length]!.trim();
}
