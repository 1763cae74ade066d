// Runs a command of this project: `node setup/start/start.mjs train/command.ts ...`.
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importJoined } from './importJoined.mjs';

const [node, self, script, ...args] = process.argv;
if (script === undefined) {
  console.error('error: no command is named; use npm run train, npm run eval and the others of README');
  process.exit(2);
}
const file = resolve(script);
// For the command it is as if Node.js ran it alone; what it starts as itself comes through here again.
process.argv = [node, file, ...args];
process.execArgv.push(self);
await importJoined(relative(fileURLToPath(new URL('../../', import.meta.url)), file));
