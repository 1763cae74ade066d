import { UserError } from '../../../configs/userError.js';
import { hostOf, type LauncherPlace } from './launcherPlace.js';

/** Tasks that train, in the order of their ranks. */
const jobs = ['chief', 'worker'];

/**
 * The place that `TF_CONFIG` names: `{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}`.
 * @throws UserError where it is no such object, or this process has no place in it
 */
export function placeInTfConfig(env: NodeJS.ProcessEnv): LauncherPlace | undefined {
  const text = env['TF_CONFIG'];
  if (text === undefined || text.trim() === '') return undefined;
  const { cluster, task } = parse(text);
  if (cluster === undefined && task === undefined) return undefined; // of a job of one process
  const isCluster = isObject(cluster) && Object.values(cluster).every(isAddresses);
  if (!isCluster || !isObject(task)) return refuse('must hold "cluster" with lists of "host:port", and "task"', text);
  const unknown = Object.keys(cluster).find((job) => !jobs.includes(job));
  if (unknown !== undefined) return refuse(`has the job "${unknown}"; ranks are ${jobs.join(' and ')} alone`, text);
  const lists = jobs.map((job) => (cluster[job] ?? []) as string[]);
  const addresses = lists.flat();
  const { type, index } = task;
  const job = jobs.indexOf(type as string);
  if (job < 0 || !Number.isInteger(index) || lists[job]![index as number] === undefined)
    return refuse(`names task ${JSON.stringify(index)} of "${String(type)}", which its cluster does not hold`, text);
  const rank = (job === 0 ? 0 : lists[0]!.length) + (index as number);
  const host = hostOf(addresses[rank]!);
  const here = [...addresses.keys()].filter((other) => hostOf(addresses[other]!) === host);
  const place = { rank, ranks: addresses.length, localRank: here.indexOf(rank), localRanks: here.length, addresses };
  return { launcher: 'TF_CONFIG', place };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // told below
  }
  return refuse('must be a JSON object', text);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAddresses = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((address) => typeof address === 'string' && /^\S+:\d+$/.test(address));

function refuse(problem: string, text: string): never {
  throw new UserError(`TF_CONFIG ${problem}; got ${text.length > 200 ? `${text.slice(0, 200)}...` : text}`);
}
