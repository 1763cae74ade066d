import { copyFile, link, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WebSource } from '../../../configs/load/datasetFile.js';
import { UserError } from '../../../configs/userError.js';
import type { Placement } from './archiveMembers.js';
import { unpackGzip, unpackTar } from './unpackTar.js';
import { unpackZip } from './unpackZip.js';

/** What a downloaded file becomes: a file of that name, or what an archive holds. */
export type Unpacking = Pick<WebSource, 'inside' | 'take' | 'as'>;

/**
 * Put what a downloaded file holds into a folder.
 * @param path  .zip, .tar.gz, .tgz, or a single file
 * @throws UserError when it is damaged, lacks what is wanted, or holds what may not be unpacked
 */
export async function unpackSource(
  path: string,
  folder: string,
  { inside, take, as }: Unpacking,
  onBytes: (bytes: number) => void,
): Promise<void> {
  try {
    if (as !== undefined && path.endsWith('.gz') && !as.endsWith('.gz'))
      return await unpackGzip(path, folder, as, onBytes);
    if (as !== undefined) return await putFile(path, folder, as);
    const place: Placement = (member) =>
      take ? take[member] : member.startsWith(`${inside}/`) ? member.slice(inside!.length + 1) : undefined;
    const unpack = path.endsWith('.zip') ? unpackZip : unpackTar;
    const filled = await unpack(path, folder, place, onBytes);
    const lacking = Object.entries(take ?? {}).find(([, target]) => !filled.includes(target))?.[0];
    if (lacking !== undefined || filled.length === 0)
      throw new UserError(`${path} lacks ${lacking ?? `${inside}/`}; it is not the archive that was published`);
  } catch (error) {
    throw explainArchive(error, path);
  }
}

/** Whether a file that is to be Parquet begins and ends as Parquet does: one that was cut short does not. */
export async function isWholeParquet(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const ends = [0, size - 4].map(async (at) => (await file.read(Buffer.alloc(4), 0, 4, Math.max(0, at))).buffer);
    return size >= 12 && (await Promise.all(ends)).every((bytes) => bytes.toString('latin1') === 'PAR1');
  } finally {
    await file.close();
  }
}

/** By a second name where the disk can, which takes no room and leaves the first in case the process dies. */
async function putFile(path: string, folder: string, as: string): Promise<void> {
  const target = join(folder, as);
  await mkdir(dirname(target), { recursive: true });
  await link(path, target).catch(() => copyFile(path, target));
}

/** What reads archives throws plain errors without a code, zlib those whose code begins with Z_. */
function explainArchive(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError || error instanceof TypeError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST')
    return new UserError(`${path} holds two files of one name; it is not the file that was published`);
  if (code !== undefined && !/^Z_|^ERR_STREAM/.test(code)) return error;
  return new UserError(`${path} is damaged or cut short (${error.message}); remove it and run again`);
}
