import assert from 'node:assert/strict';
import { helpersBeside } from '../../../model/ranks/helpers.js';

describe('helpersBeside', () => {
  const silent = () => {};
  const refused = (ranks: number, env: NodeJS.ProcessEnv, message: RegExp) =>
    assert.throws(() => helpersBeside(ranks, env, silent), { name: 'UserError', message });

  it('gives this process the first part of the machine, and leaves the environment alone where there are no others', () => {
    const env: NodeJS.ProcessEnv = {};
    assert.equal(helpersBeside(1, env, silent), undefined);
    assert.deepEqual(env, {});
    assert.ok(helpersBeside(1000, env, silent));
    assert.equal(env['LOCAL_RANK'], '0');
    assert.equal(env['TF_NUM_INTRAOP_THREADS'], '1');
    assert.ok(Number(env['TERCET_MEMORY_MEGABYTES']) > 0);
  });

  it('refuses a number that this machine cannot take, and one beside those of a launcher', () => {
    refused(0, {}, /^--ranks must be a whole number from 1 on: processes that share the work; got 0$/);
    refused(3, { CUDA_VISIBLE_DEVICES: '0,1' }, /^--ranks 3 needs a card for each rank, and 2 are visible here; take/);
    const launched = { RANK: '0', WORLD_SIZE: '2', LOCAL_RANK: '0', LOCAL_WORLD_SIZE: '2' };
    refused(2, launched, /torchrun has started 2 of this command already; leave --ranks out$/);
  });
});
