import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

/**
 * How XLA compiles for a card. Products are those of cuBLAS, whose choice of a kernel is the same in every process when
 * nothing is tried out: a resumed run gives the same losses. CUDA graphs are off, because buffers lie elsewhere with
 * each call.
 */
export const cardFlags = [
  '--xla_gpu_enable_triton_gemm=false',
  '--xla_gpu_autotune_level=0',
  '--xla_gpu_enable_command_buffer=',
];

/**
 * What XLA is to be told before TensorFlow is loaded; what the user has told it comes behind, where it counts.
 * @param env             of this process
 * @param place.compiler  folder of what XLA compiles for a card with; none where it compiles for the processor
 * @param place.cache     folder in which what it compiled is kept, in one of its own for flags, driver and device; none
 *   where it cannot be written
 */
export function xlaEnvironment(
  env: NodeJS.ProcessEnv,
  { compiler, cache }: { compiler: string | undefined; cache: string | undefined },
): Record<string, string> {
  const forCard = compiler === undefined ? [] : [`--xla_gpu_cuda_data_dir=${compiler}`, ...cardFlags];
  const flags = [...forCard, env['XLA_FLAGS'] ?? ''].filter(Boolean).join(' ');
  const kept = cache !== undefined && `--tf_xla_persistent_cache_directory=${join(cache, nameOf(flags))}`;
  const tensorflow = [kept || '', env['TF_XLA_FLAGS'] ?? ''].filter(Boolean).join(' ');
  return { ...(flags !== '' && { XLA_FLAGS: flags }), ...(tensorflow !== '' && { TF_XLA_FLAGS: tensorflow }) };
}

/** Of all that decides what is compiled besides the functions and TensorFlow. */
function nameOf(flags: string): string {
  const hash = createHash('sha256').update([flags, ...device()].join('\n'));
  return hash.digest('hex').slice(0, 16);
}

/** Driver and cards as the driver's files tell them; else the processor. */
function device(): string[] {
  try {
    const gpus = '/proc/driver/nvidia/gpus';
    const models = readdirSync(gpus).map((card) =>
      /Model:.*/.exec(readFileSync(join(gpus, card, 'information'), 'utf8')),
    );
    return [readFileSync('/proc/driver/nvidia/version', 'utf8'), ...models.map(String)];
  } catch {
    return [cpus()[0]?.model ?? ''];
  }
}
