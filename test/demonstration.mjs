// Runs the README's first command and checks what it claims: the tuned model is clearly above its base on every task.
// Ends with the line that .ci/run counts. Takes minutes, so it is no part of `npm test`.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const run = 'demonstration-check';
rmSync(`checkpoints/runs/${run}`, { recursive: true, force: true });
const started = Date.now();
const { status, stdout } = spawnSync(
  'npm',
  ['run', '--silent', 'train', '--', '--base', 'demo', '--run', run, '--json'],
  {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
console.log(stdout);
const failures = [];
if (status !== 0) failures.push(`the command ended with exit code ${status}`);
else {
  const { differences } = JSON.parse(stdout.trim().split('\n').at(-1));
  if (differences.length !== 3) failures.push(`three tasks were expected; got ${differences.length}`);
  for (const { task, difference, pHolm } of differences)
    if (!(difference > 0 && pHolm < 0.01)) failures.push(`${task}: tuned - base is ${difference}, p ${pHolm}`);
}
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`the demonstration took ${((Date.now() - started) / 1000).toFixed(0)} s`);
console.log(`${failures.length === 0 ? 1 : 0} passed, ${failures.length} failed, 0 skipped`);
process.exit(failures.length === 0 ? 0 : 1);
