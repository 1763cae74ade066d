import { extname } from 'node:path';

/** How files begin, by the end of their names. */
const beginnings: Record<string, string> = {
  '.zip': 'PK',
  '.gz': '\x1f\x8b',
  '.tgz': '\x1f\x8b',
  '.zst': '\x28\xb5\x2f\xfd',
  '.parquet': 'PAR1',
  '.arrow': 'ARROW1',
};

/**
 * Why a file is not what its name says, by its first bytes: servers answer with a page that asks for a login, or says
 * that the file has moved, as if it were the file.
 * @param name  of the file, perhaps a path
 * @param head  its first bytes, some hundred
 * @returns     undefined where nothing speaks against it
 */
export function contentFault(name: string, head: Uint8Array): string | undefined {
  const text = Buffer.from(head).toString('latin1');
  if (!/\.x?html?$/i.test(name) && /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|\?xml)\b/i.test(text))
    return 'it is a web page';
  const begin = beginnings[extname(name).toLowerCase()];
  return begin !== undefined && !text.startsWith(begin) ? `it does not begin as ${extname(name)} files do` : undefined;
}
