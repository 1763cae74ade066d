import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '../../../model/engine/startEngine.js';
import { commandsIn, textOf } from '../../docs/chapters.js';
import { writeTinyBase } from '../../tinyRun.js';
import { copyCheckout } from '../prepare/copyCheckout.js';
import { sourcesEnvironment, startSources, type Sources } from '../prepare/localSources.js';

/** What a step of the chapter leaves, by a part of its command. */
type Check = (said: string) => void;

/**
 * The commands of docs/gpu-box.md, from top to bottom, as a person would give them. Stand-ins: the packages, `git clone` and
 * systemd's own commands are only called; the hub and the data sets' hosts are servers here; the base is tiny, and so is its
 * training; /srv is a folder of the test's.
 */
describe('docs/gpu-box.md', function () {
  this.timeout(1_200_000); // every command of the page runs, trainings and scorings among them
  let home: string;
  let sources: Sources;

  before(async () => {
    await startEngine();
    home = mkdtempSync(join(tmpdir(), 'tercet-box-'));
    mkdirSync(join(home, 'srv'));
    copyCheckout(join(home, 'origin'));
    await writeTinyBase(join(home, 'tiny'));
    sources = await startSources(join(home, 'origin'));
    const { commit } = sources.hub.addFolder('owner/tiny', join(home, 'tiny'));
    changeFile('configs/bases/qwen-math.yaml', () => tinyBase(commit));
    changeFile('configs/recipes/study.yaml', (text) =>
      text.replace('  epochs: 1\n', '  steps: 6\n  queriesPerPool: 4\n  passagesPerQuery: 3\n  poolsPerUpdate: 1\n'),
    );
    changeFile(
      'configs/recipes/study.yaml',
      (text) => `${text}contract: { precision: float32 }\nschedule: { warmupSteps: 1 }\n`,
    );
    changeFile('configs/retraining/gpu-box.yaml', (text) =>
      text
        .replaceAll('/srv/', join(home, 'srv/'))
        .replace('/var/lib/prometheus/node-exporter', join(home, 'srv'))
        .replace('leastRows: 10000', 'leastRows: 1000')
        .replace('  floors: { dl19: 0.6 }\n', ''),
    );
    standIn('sudo', 'exec "$@"');
    for (const name of ['apt-get', 'systemctl', 'journalctl', 'loginctl']) standIn(name, 'exit 0');
    standIn('git', `cp -r ${join(home, 'origin')} "$3"`); // git clone ADDRESS FOLDER
  });
  after(async () => {
    await sources.hub.close();
    sources.files.close();
    rmSync(home, { recursive: true, force: true });
  });

  function changeFile(name: string, change: (text: string) => string): void {
    const file = join(home, 'origin', name);
    const text = readFileSync(file, 'utf8');
    assert.notEqual(change(text), text, `${name} is no longer as this test expects it`);
    writeFileSync(file, change(text));
  }

  function standIn(name: string, does: string): void {
    mkdirSync(join(home, 'bin'), { recursive: true });
    const file = join(home, 'bin', name);
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> ${join(home, 'called')}\n${does}\n`);
    chmodSync(file, 0o755);
  }

  it('leads from a bare machine to a champion that is kept up to date, every command as it stands there', async () => {
    const at = (name: string) => join(home, 'tercet', name);
    const checks: Record<string, Check> = {
      'npm run doctor': (said) => assert.match(said, /engine/),
      '--dry-run': (said) => assert.match(said, /to download|a call would train a challenger/),
      '--run maths': (said) => assert.ok(existsSync(at('checkpoints/runs/maths/report.html')), said),
      'npm run export': (said) => assert.ok(existsSync(at('checkpoints/maths-merged/config.json')), said),
      'retrain -- gpu-box\n': (said) => assert.match(said, /promoted gpu-box-/),
      '--status': (said) => assert.match(said, /champion +gpu-box-.*\n.*dl19/),
      '--install systemd': (said) => assert.match(said, /wrote .*tercet-retrain-gpu-box\.timer/),
      '--history': (said) => assert.match(said, /history\.html/),
    };
    const used = new Set<string>();
    for (const command of commandsIn(textOf('docs/gpu-box.md'))) {
      const { code, said } = await give(command);
      // Only one champion was made: there is none to go back to.
      const isLast = command.includes('--rollback');
      assert.equal(code, isLast ? 2 : 0, `${command}\n${said}`);
      if (isLast) assert.match(said, /keeps no earlier champion/);
      for (const [part, check] of Object.entries(checks))
        if (`${command}\n`.includes(part) && !(part === '--run maths' && command.includes('dry-run'))) {
          check(said);
          used.add(part);
        }
    }
    assert.deepEqual([...used].sort(), Object.keys(checks).sort());
    assert.ok(
      existsSync(
        join(at('checkpoints/champions/gpu-box'), readlinkSync(at('checkpoints/champions/gpu-box/current')), 'merged'),
      ),
    );
    const called = readFileSync(join(home, 'called'), 'utf8');
    for (const name of ['sudo apt-get install', 'git clone', 'loginctl enable-linger', 'journalctl', 'systemctl'])
      assert.match(called, new RegExp(`^${name}`, 'm'));
  });

  /** The shell of the person: it keeps its folder and its variables from command to command. */
  async function give(command: string): Promise<{ code: number | null; said: string }> {
    const kept = join(home, 'kept');
    const script = `[ -f ${kept} ] && . ${kept}; ${withinSystemd(command.replaceAll('/srv/', join(home, 'srv/')))}
code=$?; { echo "cd '$PWD'"; export -p | grep HF_HOME; } > ${kept}; exit $code`;
    const child = spawn('bash', ['-c', script], {
      cwd: home,
      env: {
        ...process.env,
        ...sourcesEnvironment(sources),
        ...{ PATH: `${join(home, 'bin')}:${process.env['PATH']}`, HOME: home, HF_HOME: '' },
      },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, said };
  }

  /** Units of the machine are written into a folder that only this command sees; without the right to that, only shown. */
  function withinSystemd(command: string): string {
    if (!command.includes('--install') || process.getuid?.() !== 0) return command;
    const place = '/etc/systemd/system';
    const hidden = ['--mount', 'sh', '-c', `mount -t tmpfs none ${place} && exec "$@"`, 'sh'];
    if (spawnSync('unshare', [...hidden, 'true']).status === 0)
      return `unshare ${hidden.map((word) => `'${word}'`).join(' ')} ${command}`;
    return `${command.replace(' --write', '')} && echo wrote nothing instead of tercet-retrain-gpu-box.timer`;
  }
});

/** What `writeTinyBase` writes, as a base of the hub. */
const tinyBase = (commit: string) => `hub: owner/tiny
revision: ${commit}
about: tiny
licence: none
shape:
  { hidden: 32, layers: 2, heads: 4, kvHeads: 2, headDim: 8, intermediate: 48, vocabularyRows: 4096, tied: true, ropeTheta: 10000 }
`;
