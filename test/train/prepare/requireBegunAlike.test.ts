import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type { RunRecord } from '../../../checkpoints/run/config.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import type { AskedRun } from '../../../train/prepare/askedRun.js';
import { requireBegunAlike } from '../../../train/prepare/requireBegunAlike.js';

const base = resolveBase('.');
const loaded = loadConfig('demo');
const asked = {
  ...{ base, loaded, adapter: '/an/adapter', allowContract: ['titleRule', 'queryPrefix'] },
  data: { files: [{ path: '/data/a.arrow', weight: 1 }], sets: [], made: [] },
} as unknown as AskedRun;
const record = {
  base: { name: 'base', folder: resolve('.'), weightsHash: '' },
  ...{ recipe: 'demo', data: ['/data/a.arrow'], rows: 1, updates: 1, adapter: '/an/adapter', adapterHash: '1' },
  ...{ allowContract: ['queryPrefix', 'titleRule'], settings: loaded.config },
} as RunRecord;

describe('requireBegunAlike', () => {
  // A command that let other fields of the adapter's contract differ than the run was begun with went on with it.
  it('compares the fields of the contract that may differ, in any order', () => {
    requireBegunAlike('first', record, asked);
    assert.throws(
      () => requireBegunAlike('first', record, { ...asked, allowContract: [] }),
      /^UserError: run first exists and was begun otherwise: --allow-contract was queryPrefix titleRule and is none;/,
    );
  });

  it('does not compare them with a run of an older version, which does not tell them', () => {
    const { allowContract: _, ...older } = record;
    requireBegunAlike('first', older, asked);
  });
});
