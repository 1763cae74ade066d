import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineFolder } from '../../setup/folder/engineFolder.mjs';

const script = fileURLToPath(new URL('../../setup.mjs', import.meta.url));
const finds = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

describe('setup.mjs', () => {
  let folder: string;
  let engine: string;
  before(function () {
    if (process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)) return;
    console.log('skipped: TensorFlow has no library for this system');
    this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-setup-'));
    engine = join(folder, 'engine');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function start(env: NodeJS.ProcessEnv, event = 'train') {
    const { TERCET_BACKEND: _backend, CXX: _compiler, ...inherited } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
      env: { ...inherited, TERCET_ENGINE: engine, npm_lifecycle_event: event, ...env },
      encoding: 'utf8',
    });
    assert.equal(stdout, '');
    return { status, lines: stderr.split('\n').slice(0, -1) };
  }

  it('says in one line what is missing without Python and a compiler, at every start, and lets the command go on', () => {
    const PATH = folder; // no program is found there
    for (const { status, lines } of [start({ PATH }), start({ PATH })]) {
      assert.equal(status, 0);
      assert.equal(lines.length, 1);
      assert.match(
        lines[0]!,
        /^engine: WebAssembly, slower than TensorFlow 2\.21\.0: Python 3 and a C\+\+ compiler were not found; install them/,
      );
    }
    assert.equal(readdirSync(engine).length, 1, 'nothing but the note of what is missing');
  });

  it('says so when CXX names a compiler that is not there', () => {
    const { status, lines } = start({ CXX: '/nowhere/g++ -m64' });
    assert.equal(status, 0);
    assert.match(lines.join(), /: CXX names \/nowhere\/g\+\+, which was not found; unset CXX/);
  });

  it('tries the network once, and then not at every start', function () {
    if (!finds('python3', '-m', 'pip', '--version') || !finds('which', 'g++')) {
      console.log('skipped: python3, pip or g++ was not found');
      this.skip();
    }
    const unreachable = {
      PIP_CONFIG_FILE: '/dev/null',
      PIP_FIND_LINKS: '',
      PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
    };
    const first = start({ ...unreachable, PIP_EXTRA_INDEX_URL: '' });
    assert.equal(first.status, 0);
    assert.match(first.lines.at(-1)!, /: the Python package index could not be reached; npm run setup tries again/);
    const second = start({ ...unreachable, PIP_EXTRA_INDEX_URL: '' });
    assert.deepEqual(second.lines, first.lines.slice(-1));
  });

  it('leaves the engine alone where WebAssembly is asked for', () => {
    assert.deepEqual(start({ TERCET_BACKEND: 'wasm' }).lines, []);
    assert.ok(!existsSync(engine));
  });

  it('does not fail where the engine folder cannot be made', () => {
    writeFileSync(engine, 'a file stands in the way');
    const { status, lines } = start({});
    assert.equal(status, 0);
    assert.match(lines.join('\n'), /^engine: WebAssembly, .*the engine folder .* cannot be written \(EEXIST\)/);
  });

  it('prints nothing when everything is there', function () {
    if (!existsSync(engineFolder().bindingRecord)) {
      console.log('skipped: the TensorFlow engine is not installed');
      this.skip();
    }
    assert.deepEqual(start({ TERCET_ENGINE: process.env['TERCET_ENGINE'] }).lines, []);
  });
});
