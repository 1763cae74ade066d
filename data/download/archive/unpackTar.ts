import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import { placeMember, writeMember, type Placement } from './archiveMembers.js';

/** As `unpackZip`, for .tar.gz. */
export async function unpackTar(
  archive: string,
  folder: string,
  place: Placement,
  onBytes: (bytes: number) => void,
): Promise<string[]> {
  const file = createReadStream(archive, { highWaterMark: 1 << 20 });
  const members = tar.extract();
  // The callback has nothing to do: an error on the way destroys `members`, and is thrown where that is read.
  pipeline(file, createGunzip(), members, () => {});
  const filled: string[] = [];
  for await (const member of members) {
    const { name, type, size = 0 } = member.header;
    const kind = type === 'file' || type === 'contiguous-file' ? 'file' : type === 'directory' ? 'folder' : 'other';
    const target = placeMember(archive, { name, kind, bytes: size }, place);
    if (target === undefined) member.resume();
    else {
      await writeMember(member, folder, target, () => onBytes(file.bytesRead));
      filled.push(target);
    }
    onBytes(file.bytesRead);
  }
  return filled;
}

/** Decompress a .gz file. */
export async function unpackGzip(
  path: string,
  folder: string,
  target: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  await writeMember(
    pipeline(file, createGunzip(), () => {}),
    folder,
    target,
    () => onBytes(file.bytesRead),
  );
}
