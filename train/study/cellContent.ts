import { existsSync } from 'node:fs';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { fileIdentity } from '../../data/files/fileIdentity.js';
import type { Journal } from './journal.js';
import type { StudyCell } from './studyCells.js';

/**
 * Let cells say what their training files and their base's weights hold, as far as they are here. Files that moved and
 * hold what they held are the same, files of the same name that hold something else are not.
 * @param journal  what the cells were told before
 */
export async function withContent(cells: readonly StudyCell[], journal: Journal): Promise<StudyCell[]> {
  const hashes = new Map<string, Promise<string>>();
  const once = (key: string, read: () => Promise<string>) => {
    if (!hashes.has(key)) hashes.set(key, read());
    return hashes.get(key)!;
  };
  const filled: StudyCell[] = [];
  for (const cell of cells) {
    const { data } = cell.asked;
    const files = Array.isArray(data) && data.every((file) => existsSync(String(file))) ? data.map(String) : undefined;
    const source = cell.base?.named.source;
    const folder =
      source && 'folder' in source && existsSync(source.folder) && !cell.base?.made ? source.folder : undefined;
    const now = {
      ...(files && { data: await Promise.all(files.map((file) => once(file, () => fileIdentity(file)))) }),
      ...(folder !== undefined && { base: await once(folder, async () => (await openBaseFolder(folder)).weightsHash) }),
    };
    filled.push({ ...cell, asked: asBefore(cell.asked, now, journal[cell.name]) });
  }
  return filled;
}

interface Content {
  data?: unknown;
  base?: unknown;
}

type Asked = Record<string, unknown> & { content?: Content };

/** Where the content is what it was, the place is no difference; where one of the two is not known, the place alone counts. */
function asBefore(asked: Record<string, unknown>, now: Content, before: Asked | undefined): Asked {
  if (before === undefined) return { ...asked, content: now };
  const old = before.content;
  if (old === undefined) return asked; // begun by an older version
  const isSame = (what: keyof Content) => JSON.stringify(old[what]) === JSON.stringify(now[what]);
  return {
    ...asked,
    ...(now.data !== undefined && isSame('data') && { data: before['data'] }),
    ...(now.base !== undefined && isSame('base') && { base: before['base'] }),
    content: { ...old, ...now },
  };
}
