import { existsSync, readlinkSync } from 'node:fs';

/** What is wrong with a path that is a link to what does not exist, in words; undefined where it is none. */
export function danglingLink(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  try {
    return `${path} is a link to ${readlinkSync(path)}, which does not exist; put the file there, or download it again`;
  } catch {
    return undefined; // no link
  }
}
