import assert from 'node:assert/strict';
import type { RunRecord } from '../../../checkpoints/run/config.js';
import type { SavedState } from '../../../checkpoints/run/state.js';
import { describeEngine, type Engine } from '../../../model/engine/startEngine.js';
import { requireSameEngine } from '../../../train/loop/sameEngine.js';

const card: Engine = {
  ...{ name: 'tensorflow', why: 'its native binding is installed', isFallback: false, version: '2.21.0' },
  ...{ device: 'GPU', hardware: 'NVIDIA H100', precisions: ['float32', 'bfloat16'], float32Products: 'float32' },
};
const other: Engine = { ...card, hardware: 'NVIDIA A100' };
const stateBy = (engine: string) => ({ data: { engine } }) as unknown as SavedState;
const record = {} as RunRecord;
const goOn = (by: string, engine: Engine, allowed?: 'tensorflow' | 'wasm') =>
  requireSameEngine('first', record, stateBy(by), engine, allowed);

describe('requireSameEngine', () => {
  // Neither the model of a card nor the instructions of a processor stood in the record: another one went unseen.
  it('refuses another card, and lets it go on with a warning where that is allowed by name', () => {
    assert.equal(describeEngine(card), 'tensorflow 2.21.0 on the GPU (NVIDIA H100)');
    assert.equal(goOn(describeEngine(card), card), undefined);
    assert.throws(
      () => goOn(describeEngine(card), other),
      /^UserError: run first was computed by .*\(NVIDIA H100\), and here .*\(NVIDIA A100\) runs .*--allow-engine tensorflow$/,
    );
    assert.match(goOn(describeEngine(card), other, 'tensorflow')!, /goes on with .*\(NVIDIA A100\), as allowed/);
  });

  it('takes a processor with other vector instructions for another engine', () => {
    const cpu: Engine = { ...card, device: 'CPU', hardware: 'avx2 avx512f' };
    assert.throws(() => goOn(describeEngine(cpu), { ...cpu, hardware: 'avx2' }), /and here .*\(avx2\) runs/);
  });

  it('goes on where an older version recorded the engine without its hardware', () => {
    assert.equal(goOn('tensorflow 2.21.0 on the GPU', card), undefined);
    assert.throws(
      () => goOn('tensorflow 2.21.0 on the CPU', card),
      /computed by tensorflow 2.21.0 on the CPU, and here/,
    );
  });
});
