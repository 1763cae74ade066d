// Runs the README's first commands and checks what they claim: the tuned models are clearly above their bases on every task.
// Ends with the line that .ci/run counts. Takes minutes, so it is no part of `npm test`.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const tasksOf = { demo: 3, 'demo-vl': 1 };
const counts = { passed: 0, failed: 0 };
for (const [base, tasks] of Object.entries(tasksOf)) {
  const startedMs = Date.now();
  const failures = failuresOf(base, tasks);
  for (const failure of failures) console.log(`failed: ${base}: ${failure}`);
  counts[failures.length === 0 ? 'passed' : 'failed']++;
  console.log(`the demonstration with ${base} took ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
}
console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`);
process.exit(counts.failed === 0 ? 0 : 1);

function failuresOf(base, tasks) {
  const run = `demonstration-check-${base}`;
  rmSync(`checkpoints/runs/${run}`, { recursive: true, force: true });
  const { status, stdout } = spawnSync(
    'npm',
    ['run', '--silent', 'train', '--', '--base', base, '--run', run, '--json'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  console.log(stdout);
  if (status !== 0) return [`the command ended with exit code ${status}`];
  const { differences } = JSON.parse(stdout.trim().split('\n').at(-1));
  const failures = differences
    .filter(({ difference, pHolm }) => !(difference > 0 && pHolm < 0.01))
    .map(({ task, difference, pHolm }) => `${task}: tuned - base is ${difference}, p ${pHolm}`);
  return differences.length === tasks ? failures : [`${tasks} tasks were expected; got ${differences.length}`];
}
