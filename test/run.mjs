// `npm test`: sets up what is missing and runs Mocha. `--quick` runs what needs neither an engine nor a thread or process of its
// own, and sets up no engine; all other arguments, such as names of test files, are Mocha's.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const files = quick ? createRequire(import.meta.url)('./quickFiles.cjs')() : [];
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = (script, scriptArgs, env = {}) => {
  const { status } = spawnSync(process.execPath, [at(script), ...scriptArgs], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
};

run('../setup.mjs', [], quick ? { TERCET_BACKEND: 'wasm' } : {});
run('../node_modules/mocha/bin/mocha.js', [...files, ...args.filter((argument) => argument !== '--quick')]);
