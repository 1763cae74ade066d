import assert from 'node:assert/strict';
import { trainedHash } from '../../../checkpoints/run/trained.js';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import type { Contract } from '../../../configs/contract.js';

describe('trainedHash', () => {
  const told = {
    base: { weightsHash: 'w' },
    settings: parseConfig({}),
    data: ['a/train.arrow'],
    identities: ['1'],
    rows: 8,
    updates: 2,
    adapter: 'x',
    adapterHash: '2',
  };
  const contract = { queryPrefix: 'Query:' } as Contract;
  const hash = (changed: object) => trainedHash({ ...told, ...changed }, contract);

  it('is the same for another seed and other places of the same files', () => {
    const same = [{ settings: parseConfig({ seed: 7 }) }, { data: ['/b/other.arrow'] }, { adapter: 'y' }];
    for (const changed of same) assert.equal(hash(changed), hash({}));
  });

  // Files of one path with other content were averaged as seeds of one model.
  it('changes with all else that decides what is learned', () => {
    const others = [
      { base: { weightsHash: 'v' } },
      { identities: ['3'] },
      { weights: [2] },
      { adapterHash: '4' },
      { updates: 3 },
      { settings: parseConfig({ loss: { temperature: 0.5 } }) },
    ];
    for (const changed of others) assert.notEqual(hash(changed), hash({}), JSON.stringify(changed));
    assert.notEqual(trainedHash(told, { ...contract, queryPrefix: 'Q:' }), hash({}));
  });

  // A new setting whose default is what older versions did would part their runs from the same ones made today.
  it('is that of older runs, which backpropagated every text, unless some are left out', () => {
    const { gradientShare, ...olderTraining } = told.settings.training;
    assert.equal(gradientShare, 1);
    assert.equal(hash({ settings: { ...told.settings, training: olderTraining } }), hash({}));
    assert.notEqual(hash({ settings: parseConfig({ training: { gradientShare: 0.8 } }) }), hash({}));
  });

  it('heeds what is scored while training where the best state is kept, and only there', () => {
    const scored = (everySteps: number, keepBest: boolean) =>
      hash({
        settings: parseConfig({ evaluation: { everySteps, duringTasks: ['scifact'] }, training: { keepBest } }),
      });
    assert.equal(scored(5, false), hash({}));
    assert.notEqual(scored(5, true), hash({}));
    assert.notEqual(scored(5, true), scored(6, true));
  });
});
