import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { dispensable } from '../../../../train/retrain/champion/retention.js';
import type { HistoryEntry } from '../../../../train/retrain/history.js';
import type { PlanFolder } from '../../../../train/retrain/planFolder.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('dispensable', () => {
  const inFolder = useTemporaryFolder();
  const put = (name: string) => {
    mkdirSync(dirname(inFolder(name)), { recursive: true });
    writeFileSync(inFolder(name), '');
  };

  // Every folder beside the champions was removed, whoever had put it there.
  it('names folders of earlier champions, whole or half written, and none that holds anything else', () => {
    for (const name of ['adapter/adapter.safetensors', 'contract.json', 'proof.json', 'decision.json'])
      for (const version of ['now', 'before', 'half.partial', 'noted']) put(`${version}/${name}`);
    put('before/merged/model.safetensors');
    put('half.partial/proof.json.partial-1a2b');
    put('noted/why.txt');
    put('mine/adapter/adapter.safetensors');
    put('mine/paper.pdf');
    put('a-file');
    const paths = { champions: inFolder(), champion: (run: string) => join(inFolder(), run) } as PlanFolder;
    const found = dispensable(paths, { champions: 0, runs: 0 }, 'now', [], 0);
    assert.deepEqual(found.sort(), [inFolder('before'), inFolder('half.partial')]);
  });

  it('names runs that are older than so many days, or beyond so many, and never that of a champion', () => {
    const started = process.cwd();
    process.chdir(inFolder());
    try {
      const day = 24 * 60 * 60 * 1000;
      const nowMs = Date.parse('2026-03-10T00:00:00Z');
      const entry = (run: string, ageMs: number, outcome: HistoryEntry['outcome'] = 'kept'): HistoryEntry => ({
        ...{
          id: run,
          time: new Date(nowMs - ageMs).toISOString(),
          outcome,
          run,
          champion: 'now',
          why: '',
          version: '0',
        },
      });
      const history = [
        entry('now', 9 * day, 'promoted'),
        entry('old', 2 * day + 1),
        entry('edge', 2 * day),
        entry('new', day),
      ];
      for (const { run } of history) put(`checkpoints/runs/${run}/config.yaml`);
      const paths = {
        champions: inFolder('none'),
        champion: (run: string) => join(inFolder('none'), run),
      } as PlanFolder;
      const gone = (keep: { champions: number; runs: number; days?: number }) =>
        dispensable(paths, keep, 'now', history, nowMs).map((folder) => basename(folder));
      assert.deepEqual(gone({ champions: 0, runs: 9, days: 2 }), ['old']);
      assert.deepEqual(gone({ champions: 0, runs: 1 }), ['edge', 'old']);
      assert.deepEqual(gone({ champions: 0, runs: 9 }), []);
    } finally {
      process.chdir(started);
    }
  });
});
