import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const at = (path: string) => JSON.stringify(new URL(`../../../configs/cli/${path}`, import.meta.url).href);

// TensorFlow.js and the glue of WebAssembly say things through the console by themselves, among them kernels that failed.
describe('holdConsole', () => {
  let folder: string;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-'));
    write('node_modules/noisy/index.js', `exports.say = (text) => console.warn('noisy:', text, { a: 1 });`);
    write('node_modules/@some/glue/index.js', `exports.bind = () => console.log.bind(console);`);
    write('node_modules/@some/glue/caller.js', `exports.call = (print, text) => print(text);`);
    write('node_modules/yargs/index.js', `exports.help = () => console.log('help');`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Run a script as a command runs, with those libraries. */
  function run(script: string) {
    const source = `
      import { createRequire } from 'node:module';
      import { holdConsole, ownWarning } from ${at('holdConsole.ts')};
      import * as output from ${at('libraryOutput.ts')};
      const require = createRequire(${JSON.stringify(join(folder, 'file.js'))});
      ${script}`;
    const flags = ['--import', 'tsx', '--input-type=module', '-e', source];
    const { status, stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  it('keeps what libraries say, and lets through what we say and the help', () => {
    const { status, stdout, stderr } = run(`
      holdConsole();
      console.error('ours', 1);
      require('noisy').say('a');
      require('@some/glue/caller.js').call(require('@some/glue').bind(), 'b %d');
      require('yargs').help();
      console.log(JSON.stringify(output.libraryOutput()));`);
    assert.deepEqual([status, stderr], [0, 'ours 1\n']);
    assert.equal(stdout, `help\n${JSON.stringify('noisy: a { a: 1 }\nb %d')}\n`);
  });

  it('keeps the warnings of Node.js, and tells ours in the words of a command', () => {
    const { status, stdout, stderr } = run(`
      holdConsole();
      process.emitWarning('this is old', 'DeprecationWarning', 'DEP0001');
      process.emitWarning('the tokens are damaged', ownWarning);
      setTimeout(() => console.log(output.libraryOutput().split('\\n')[0]), 10);`);
    assert.deepEqual(
      [status, stdout, stderr],
      [0, 'DeprecationWarning: this is old\n', 'warning: the tokens are damaged\n'],
    );
  });

  it('keeps what threads print', () => {
    const { status, stdout, stderr } = run(`
      const worker = output.startThread(new URL("data:text/javascript,console.log('a'); console.error('b')"), null);
      worker.on('exit', () => setTimeout(() => console.log(output.libraryOutput().split('\\n').sort().join()), 10));`);
    assert.deepEqual([status, stdout, stderr], [0, 'a,b\n', '']);
  });

  it('shows all when nobody catches an error, and below the stack of a fault that ends a command', () => {
    const uncaught = run(`holdConsole(); require('noisy').say('a'); throw new Error('a fault of ours');`);
    assert.match(uncaught.stderr, /^noisy: a \{ a: 1 \}\n[^]*Error: a fault of ours\n +at /);
    const { status, stderr } = run(`
      const { runCommand } = await import(${at('cli.ts')});
      const handler = (args) => {
        require('noisy').say('a');
        throw new Error('a fault of ours');
      };
      await runCommand('example', { name: '$0', describe: 'an example', options: (cli) => cli, handler });`);
    assert.equal(status, 1);
    assert.match(stderr, /^Error: a fault of ours\n +at [^]*\nlibraries wrote:\nnoisy: a \{ a: 1 \}\n$/);
  });

  it('keeps the last of much', () => {
    const { stdout } = run(`
      for (let i = 0; i < 10_000; i++) output.keepLibraryOutput('line ' + i);
      console.log(output.keptOutput().length, output.libraryOutput().split('\\n').at(-1));`);
    assert.equal(stdout, `${2 ** 16} line 9999\n`);
  });
});
