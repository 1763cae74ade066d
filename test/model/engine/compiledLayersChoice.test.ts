import assert from 'node:assert/strict';
import { capabilities } from '../../../model/engine/capabilities.js';
import { chooseCompiledLayers, compiledLayersChoice } from '../../../model/engine/compiledLayersChoice.js';

describe('chooseCompiledLayers', () => {
  const before = compiledLayersChoice();
  after(() => chooseCompiledLayers(before.isChosen ? '1' : '0', false, undefined));

  const chosen = (...facts: Parameters<typeof chooseCompiledLayers>) => chooseCompiledLayers(...facts).isChosen;

  it('takes them on cards that this XLA compiles for, Hopper and what was before it', () => {
    assert.ok(chosen(undefined, true, { computeCapability: '9.0' }));
    assert.ok(chosen(undefined, true, { computeCapability: '8.6' }));
    assert.ok(!chosen(undefined, true, { computeCapability: '10.0' }));
    assert.match(compiledLayersChoice().why, /capability 10\.0/);
    assert.ok(!chosen(undefined, true, undefined));
  });

  it('does without them where they were tried and did not work, and says why', () => {
    const card = { computeCapability: '9.0' };
    assert.ok(!chosen(undefined, true, card, { works: false, why: 'they differ by 0.3' }));
    assert.equal(compiledLayersChoice().why, 'they differ by 0.3');
    assert.ok(chosen(undefined, true, card, { works: true, why: 'they differ by 1e-6' }));
  });

  it('leaves the processor its own operations, and does what TERCET_XLA says', () => {
    assert.ok(!chosen(undefined, false, undefined));
    assert.ok(chosen('1', false, undefined));
    assert.ok(!chosen('0', true, { computeCapability: '9.0' }));
    assert.equal(capabilities().compiledLayers, false);
  });
});
