import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../../configs/userError.js';

/** What a file in an archive becomes, relative to the folder that is filled; undefined where it is not wanted. */
export type Placement = (member: string) => string | undefined;

/** A member of an archive, whatever its format. */
export interface Member {
  /** With `/` between folders. */
  name: string;
  kind: 'file' | 'folder' | 'other';
  bytes: number;
}

/**
 * Where a member of an archive goes.
 * @returns undefined for folders, which are made with their files, and for what is not wanted
 * @throws UserError for a path out of the folder, and for links, devices and the like where they are wanted
 */
export function placeMember(archive: string, member: Member, place: Placement): string | undefined {
  const parts = member.name.replace(/^(\.\/)+/, '').split('/');
  if (member.name.startsWith('/') || /^[a-z]:|\\|\0/i.test(member.name) || parts.includes('..'))
    throw new UserError(
      `${archive} holds a path out of its folder, ${JSON.stringify(member.name)}; nothing is unpacked`,
    );
  if (member.kind === 'folder') return undefined;
  const target = place(parts.join('/'));
  if (target !== undefined && member.kind !== 'file')
    throw new UserError(`${archive} holds a link or special file, ${member.name}; nothing is unpacked`);
  return target;
}

/**
 * Write a file that comes in pieces, and bring it to the disk.
 * @returns its bytes
 */
export async function writeMember(
  pieces: AsyncIterable<Uint8Array>,
  folder: string,
  target: string,
  onPiece: (piece: Uint8Array) => void = () => {},
): Promise<number> {
  const path = join(folder, target);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'wx');
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      onPiece(piece);
      await file.appendFile(piece);
      bytes += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return bytes;
}
