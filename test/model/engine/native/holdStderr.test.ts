import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { engineFolder } from '../../../../setup/folder/engineFolder.mjs';
import { buildNoise } from '../../../noise/buildNoise.mjs';

const at = (path: string) => new URL(`../../../../${path}`, import.meta.url).href;

/** Run `script` where standard error is held; `noise` is native code that writes there, `written` what is kept. */
function run(script: string) {
  const source = `
    import { createRequire } from 'node:module';
    const { holdStderr } = await import(${JSON.stringify(at('model/engine/native/holdStderr.ts'))});
    const noise = createRequire(${JSON.stringify(import.meta.url)})(${JSON.stringify(buildNoise())});
    const written = holdStderr(${JSON.stringify(engineFolder().holdStderr)});
    ${script}`;
  const flags = ['--import', 'tsx', '--input-type=module', '-e', source];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  return { status, signal, stdout, stderr };
}

const line = (text: string) => `E0000 00:00:00.000000 1 noise.cc:1] ${text}\n`;

// On some processors TensorFlow writes a line when an operation of float16 is first used: it stood before everything
// that a command said, because standard error was held only while TensorFlow was being loaded.
describe('holdStderr', () => {
  before(function () {
    if (existsSync(engineFolder().holdStderr) && buildNoise() !== undefined) return;
    console.log('skipped: the TensorFlow engine or a compiler is not installed');
    this.skip();
  });

  it('keeps what native code writes, and lets through what Node.js writes', () => {
    const { status, stdout, stderr } = run(`
      console.error('before');
      noise.say('a');
      process.stderr.write('with');
      process.stderr.write(Buffer.from(' all\\n'), () => console.log('taken'));
      console.log(JSON.stringify(written()));`);
    assert.deepEqual([status, stderr], [0, 'before\nwith all\n']);
    assert.equal(stdout, `${JSON.stringify(line('a').repeat(2))}\ntaken\n`);
  });

  it('stays quiet when a command ends with a mistake of the user', () => {
    const { status, stderr } = run(`noise.start(); noise.say('a'); console.error('error: one line'); process.exit(2);`);
    assert.deepEqual([status, stderr], [2, 'error: one line\n']);
  });

  it('shows all when native code aborts', () => {
    const { signal, stderr } = run(`noise.say('a'); noise.crash();`);
    assert.equal(signal, 'SIGABRT');
    const why = 'F0000 00:00:00.000000 1 noise.cc:3] Check failed: 1 == 2\n';
    assert.equal(stderr, line('a').repeat(2) + why);
  });

  it('shows all when native code touches what is not its own', () => {
    const { signal, stderr } = run(`noise.fault();`);
    assert.deepEqual([signal, stderr], ['SIGSEGV', 'E0000 00:00:00.000000 1 noise.cc:4] the address is bad\n']);
  });

  it('shows all, and the stack, when nobody catches an error', () => {
    const { status, stderr } = run(`noise.say('a'); throw new Error('a fault of ours');`);
    assert.equal(status, 1);
    assert.ok(stderr.startsWith(line('a').repeat(2)), stderr);
    assert.match(stderr, /Error: a fault of ours\n +at /);
  });

  it('stands below the stack of a fault that ends a command', () => {
    const { status, stderr } = run(`
      const { runCommand } = await import(${JSON.stringify(at('configs/cli/cli.ts'))});
      const handler = () => { noise.say('a'); throw new Error('a fault of ours'); };
      await runCommand('example', { name: '$0', describe: 'an example', options: (cli) => cli, handler });`);
    assert.equal(status, 1);
    assert.match(stderr, /^Error: a fault of ours\n +at /);
    assert.ok(stderr.endsWith(`\nlibraries wrote:\n${line('a').repeat(2)}`), stderr);
  });

  it('leaves faults in WebAssembly to be caught', () => {
    // (module (memory 1) (func (export "f") (drop (i32.load (i32.const -1)))))
    const bytes = [
      0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0, 0, 10, 10,
    ].concat([1, 8, 0, 65, 127, 40, 2, 0, 26, 11]);
    const { status, stdout, stderr } = run(`
      const { instance } = await WebAssembly.instantiate(Uint8Array.from(${JSON.stringify(bytes)}));
      try { instance.exports.f(); } catch (error) { console.log(error.message); }`);
    assert.deepEqual([status, stdout, stderr], [0, 'memory access out of bounds\n', '']);
  });

  it('keeps the first and the last of much', () => {
    const { stdout } = run(`
      noise.say('first');
      for (let i = 0; i < 10_000; i++) noise.say('more');
      noise.say('last');
      createRequire(${JSON.stringify(import.meta.url)})(${JSON.stringify(engineFolder().holdStderr)}).shorten();
      const text = written();
      console.log(JSON.stringify([text.length, text.split('\\n')[0], text.split('\\n').at(-2)]));`);
    const kept = 2 * 2 ** 16 + '\n...\n'.length;
    assert.deepEqual(JSON.parse(stdout), [kept, line('first').trimEnd(), line('last').trimEnd()]);
  });
});
