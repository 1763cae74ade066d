import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dispensable } from '../../../../train/retrain/champion/retention.js';
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
});
