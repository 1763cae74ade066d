import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  cronLine,
  environmentOf,
  serviceUnit,
  timerUnit,
  type Place,
} from '../../../../train/retrain/schedule/units.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

const place: Place = {
  ...{ plan: 'demo', argument: 'demo', folder: '/srv/tercet', node: '/opt/node/bin/node', schedule: '30 2 * * *' },
  env: { HF_HOME: '/data/50% hub' },
};

describe('what runs a plan by its schedule', () => {
  const at = useTemporaryFolder();

  it('is a service that is tried again unless it was judged worse, mistaken or already running', () => {
    const unit = serviceUnit(place);
    for (const line of [
      'WorkingDirectory=/srv/tercet',
      'Environment=PATH=/opt/node/bin:/usr/local/bin:/usr/bin:/bin',
      'Environment="HF_HOME=/data/50%% hub"',
      'ExecStart=/opt/node/bin/npm run --silent retrain -- demo',
      'SuccessExitStatus=3 130',
      'Restart=on-failure',
      'RestartPreventExitStatus=2 4',
    ])
      assert.ok(unit.split('\n').includes(line), line);
  });

  it('names the checkout where relative paths are seen from another folder', () => {
    const elsewhere = { ...place, folder: '/home/me', checkout: '/srv/ter cet' };
    const unit = serviceUnit(elsewhere).split('\n');
    assert.ok(unit.includes('WorkingDirectory=/home/me'));
    assert.ok(unit.includes('ExecStart=/opt/node/bin/npm --prefix "/srv/ter cet" run --silent retrain -- demo'));
    assert.match(
      cronLine(elsewhere, 'log'),
      /^30 2 \* \* \* cd \/home\/me && .* npm --prefix '\/srv\/ter cet' run --silent /,
    );
  });

  it('is a timer that catches up once', () => {
    const lines = timerUnit(place).split('\n');
    assert.ok(lines.includes('OnCalendar=*-*-* 02:30:00'));
    assert.ok(lines.includes('Persistent=true'));
  });

  it('is accepted by systemd-analyze verify', function () {
    const { error } = spawnSync('systemd-analyze', ['--version']);
    if (error) {
      console.log('skipped: systemd-analyze is not installed');
      this.skip();
    }
    const folder = at("it's here");
    mkdirSync(folder);
    const here = { ...place, folder, argument: `${folder}/a plan.yaml`, node: process.execPath };
    writeFileSync(at('tercet-retrain-demo.service'), serviceUnit(here));
    writeFileSync(at('tercet-retrain-demo.timer'), timerUnit(here));
    const units = ['service', 'timer'].map((kind) => at(`tercet-retrain-demo.${kind}`));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
    const about = stderr.split('\n').filter((line) => line.includes('tercet-retrain-demo'));
    assert.deepEqual([status, about], [0, []]);
  });

  it('is a crontab line that runs in the bare environment that cron gives', () => {
    const folder = at("it's 5% here");
    mkdirSync(`${folder}/bin`, { recursive: true });
    // Stands for npm: says where and how it was called.
    writeFileSync(`${folder}/bin/npm`, '#!/bin/sh\necho "$PWD|$*|$HF_HOME|${HOME-none}"\n', { mode: 0o755 });
    const here = { ...place, folder, argument: 'a plan.yaml', node: `${folder}/bin/node` };
    const line = cronLine(here, at('log'));
    assert.match(line, /^30 2 \* \* \* cd /);
    assert.match(line, / # tercet-retrain-demo$/);
    // cron takes the sixth field on for the command, and `\%` for a per cent sign.
    const command = line.split(' ').slice(5).join(' ').replaceAll('\\%', '%');
    const { status } = spawnSync('/usr/bin/env', [
      '-i',
      'SHELL=/bin/sh',
      'PATH=/usr/bin:/bin',
      '/bin/sh',
      '-c',
      command,
    ]);
    assert.equal(status, 0);
    assert.equal(
      spawnSync('cat', [at('log')], { encoding: 'utf8' }).stdout,
      `${folder}|run --silent retrain -- a plan.yaml|/data/50% hub|none\n`,
    );
  });

  it('passes on what says where things are, and no secret', () => {
    const env = { HF_HOME: '/hub', HF_TOKEN: 'secret', CUDA_VISIBLE_DEVICES: '1', EDITOR: 'vi', TZ: '' };
    assert.deepEqual(environmentOf(env), { CUDA_VISIBLE_DEVICES: '1', HF_HOME: '/hub' });
    // A night's call reached no network where a proxy stands before it, and computed in TF32 where the run was told not to.
    const proxy = {
      HTTPS_PROXY: 'http://proxy:3128',
      http_proxy: 'http://me:word@proxy:3128',
      NVIDIA_TF32_OVERRIDE: '0',
    };
    assert.deepEqual(environmentOf(proxy), { HTTPS_PROXY: 'http://proxy:3128', NVIDIA_TF32_OVERRIDE: '0' });
  });
});
