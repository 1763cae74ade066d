import CRC32 from 'crc-32';
import yauzl, { type Entry } from 'yauzl';
import { placeMember, writeMember, type Placement } from './archiveMembers.js';

/**
 * Unpack the wanted files of a zip archive.
 * @param onBytes  told how many bytes of the archive are done
 * @returns the places that were filled
 * @throws UserError for a member that may not be unpacked; a plain error without code when the archive is damaged
 */
export async function unpackZip(
  archive: string,
  folder: string,
  place: Placement,
  onBytes: (bytes: number) => void,
): Promise<string[]> {
  const zip = await yauzl.openPromise(archive, { lazyEntries: true, autoClose: false, strictFileNames: true });
  const filled: string[] = [];
  let done = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      const member = { name: entry.fileName, kind: kindOf(entry), bytes: entry.uncompressedSize };
      const target = placeMember(archive, member, place);
      if (target !== undefined) {
        let sum = 0;
        await writeMember(await zip.openReadStreamPromise(entry), folder, target, (piece) => {
          sum = CRC32.buf(piece, sum);
        });
        if (sum >>> 0 !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} is wrong`);
        filled.push(target);
      }
      onBytes((done += entry.compressedSize));
    }
  } finally {
    zip.close();
  }
  return filled;
}

/** The kind of file that Unix systems put into the upper half of the attributes; others leave it 0. */
function kindOf({ fileName, externalFileAttributes, versionMadeBy }: Entry): 'file' | 'folder' | 'other' {
  if (fileName.endsWith('/')) return 'folder';
  const madeOnUnix = versionMadeBy >>> 8 === 3;
  const kind = madeOnUnix ? (externalFileAttributes >>> 16) & 0o170000 : 0;
  return kind === 0 || kind === 0o100000 ? 'file' : kind === 0o040000 ? 'folder' : 'other';
}
