import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Trouble } from '../messages/troubles.mjs';

/** What an installation puts into an engine folder, and into the one beside it where it gathers that. */
const own = [
  /^library\.json$/,
  /^tfjs_binding-[^/]+$/,
  /^tensorflow\/(libtensorflow_[^/]+|include\/(tensorflow|tsl|xla)\/.+\.h)$/,
  /^nvidia\/[a-z_]+\/lib\/[^/]+\.so[^/]*$/,
  /^downloads\/([0-9a-f]{64}\.(whl|json)|pip\/.+)$/,
];

/** The first file of a folder that setup did not put there; undefined also where there is no folder. */
export function foreignFile(folder) {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const names = readdirSync(folder, { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => !statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory());
  return names.sort().find((name) => !own.some((form) => form.test(name)));
}

/** @throws Trouble when a folder that is to be replaced or removed holds what others put there */
export function requireOwnFolder(folder) {
  const foreign = foreignFile(folder);
  if (foreign !== undefined)
    throw new Trouble(
      `${folder} holds ${foreign}, which setup did not put there, so it is not replaced`,
      'move that away, or name a folder elsewhere in TERCET_ENGINE',
    );
}
