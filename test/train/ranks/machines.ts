/**
 * Run by hand, as root on Linux: `node --import tsx test/train/ranks/machines.ts`. Two network namespaces stand for two
 * machines, each with its own copy of base and data at the same path and nothing in common but a wire. A run over both
 * must have the losses and the adapter of `--ranks 2` on one machine; with rank 1 killed, and with the wire cut, every
 * process must be gone within the heartbeat limit, and the run must then go on over both to that same end.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEngine } from '../../../model/engine/startEngine.js';
import { runCommand } from '../../runCommand.js';
import { makeTinyRun, tinySettings } from '../../tinyRun.js';

const heartbeatSeconds = 5;
/** After the heartbeat limit: to save, and to end. */
const endingSeconds = 20;
const addresses = ['10.77.0.1', '10.77.0.2'];
const machines = addresses.map((_, index) => `tercet-machine-${index}`);
const start = fileURLToPath(new URL('../../../setup/start/start.mjs', import.meta.url));
const command = fileURLToPath(new URL('../../../train/command.ts', import.meta.url));
const ip = (...words: string[]) => execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });

await startEngine();
const folder = await makeTinyRun();
const copy = `${folder}-copy`;
cpSync(folder, copy, { recursive: true });
const args = ['--base', 'base', '--data', 'train.arrow', ...tinySettings];
try {
  connect();
  const own = await runCommand('train/command.ts', [...args, '--run', 'own', '--ranks', '2'], folder);
  assert.equal(own.code, 0, own.errors);

  const refused = await both(['--run', 'run'], []).finished;
  for (const { code, errors } of refused) {
    assert.equal(code, 2);
    assert.match(
      errors,
      /^error: the ranks are on 2 machines \(10\.77\.0\.1, 10\.77\.0\.2\), .* add --trust-network\n$/,
    );
  }

  await endedBy('rank 1 was killed', 'killed', (children) => children[1]!.kill('SIGKILL'));
  await endedBy('the wire was cut', 'cut', () =>
    ip('netns', 'exec', machines[0]!, 'ip', 'link', 'set', 'wire', 'down'),
  );
  for (const [name, what] of [
    ['train.arrow', /the training file \S*train\.arrow is not that of rank 0; copy that one to this machine/],
    ['base/model.safetensors', /the weights in \S*base are not those of rank 0; copy these to this machine/],
  ] as const)
    await refusedFor(name, what);
  assert.ok(!existsSync(join(copy, 'checkpoints')), 'the second machine wrote a run');
} finally {
  for (const machine of machines) ip('netns', 'delete', machine);
  for (const made of [folder, copy]) rmSync(made, { recursive: true, force: true });
}

/** Let something happen in mid-run, and go on with the run afterwards. */
async function endedBy(what: string, run: string, happen: (children: ChildProcess[]) => unknown): Promise<void> {
  const { children, finished } = both([...args, '--run', run], ['--trust-network']);
  while (stepsOf(run) < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  happen(children);
  const happenedMs = Date.now();
  const ends = await finished;
  const seconds = (Date.now() - happenedMs) / 1000;
  for (const [rank, { code, errors }] of ends.entries())
    console.log(`${what}: rank ${rank} ended with ${code}: ${errors.trim().split('\n').at(-1)}`);
  assert.ok(
    ends.every(({ code }) => code !== 0),
    'it came too late to test anything',
  );
  assert.ok(seconds < heartbeatSeconds + endingSeconds, `they took ${seconds} s to end`);
  for (const machine of machines) ip('netns', 'exec', machine, 'ip', 'link', 'set', 'wire', 'up');
  for (const { code, errors } of await both(['--run', run, '--resume'], ['--trust-network']).finished)
    assert.equal(code, 0, errors);
  assert.deepEqual(adapterOf(run), adapterOf('own'));
  console.log(`${what}: all ended in ${seconds.toFixed(1)} s, and went on to the adapter of one machine`);
}

/** Let the second machine have another file than the first. */
async function refusedFor(name: string, what: RegExp): Promise<void> {
  const file = join(copy, name);
  const bytes = readFileSync(file);
  const last = bytes.length - (name.endsWith('.arrow') ? bytes.length >> 1 : 1);
  writeFileSync(
    file,
    bytes.map((byte, index) => (index === last ? byte ^ 1 : byte)),
  );
  const [first, second] = await both([...args, '--run', `other-${name.length}`], ['--trust-network']).finished;
  writeFileSync(file, bytes);
  console.log(`another ${name}: ${second!.errors.trim()}\n  rank 0: ${first!.errors.trim().split('\n').at(-1)}`);
  assert.equal(second!.code, 2);
  assert.match(second!.errors, what);
  assert.match(first!.errors.trim().split('\n').at(-1)!, what);
}

/** The command on both machines; the second has its copy where the first has its folder. */
function both(words: string[], trusted: string[]) {
  const worker = addresses.map((address, rank) => `${address}:${2222 + rank}`);
  const children = machines.map((machine, index) => {
    const task = { type: 'worker', index };
    const inside = `${index === 0 ? '' : `mount --bind ${copy} ${folder} && `}cd ${folder} && exec "$@"`;
    const node = [process.execPath, start, command, ...words, ...trusted];
    return spawn('ip', ['netns', 'exec', machine, 'unshare', '--mount', 'sh', '-c', inside, 'sh', ...node], {
      env: {
        ...process.env,
        TF_CONFIG: JSON.stringify({ cluster: { worker }, task }),
        TERCET_HEARTBEAT_SECONDS: String(heartbeatSeconds),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  });
  return { children, finished: Promise.all(children.map(endOf)) };
}

function endOf(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (part: string) => (errors += part));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, errors })));
}

function connect(): void {
  for (const machine of machines) ip('netns', 'add', machine);
  ip('link', 'add', 'wire', 'netns', machines[0]!, 'type', 'veth', 'peer', 'name', 'wire', 'netns', machines[1]!);
  for (const [index, machine] of machines.entries()) {
    const there = (...words: string[]) => ip('netns', 'exec', machine, 'ip', ...words);
    there('address', 'add', `${addresses[index]}/24`, 'dev', 'wire');
    there('link', 'set', 'wire', 'up');
    there('link', 'set', 'lo', 'up');
  }
}

function stepsOf(run: string): number {
  const file = join(folder, 'checkpoints/runs', run, 'log.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('"event":"step"').length - 1 : 0;
}

function adapterOf(run: string): Buffer {
  return readFileSync(join(folder, 'checkpoints/runs', run, 'adapter/adapter_model.safetensors'));
}
