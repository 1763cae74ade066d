import assert from 'node:assert/strict';
import { grownMemory } from './grownMemory.js';

// A plan that held was said to be broken: what a card had given away was compared with what was used of it.
describe('grownMemory', () => {
  it('doubles, up to the region that holds what is used', () => {
    const mebibyte = 2 ** 20;
    assert.equal(grownMemory(2 * mebibyte), 2e9 + 2 * mebibyte);
    assert.equal(grownMemory(5 * mebibyte), 2e9 + (2 + 4) * mebibyte);
    assert.equal(grownMemory(7 * mebibyte), 2e9 + (2 + 4 + 8) * mebibyte);
    for (const planned of [61.0e9, 64.3e9]) assert.ok(grownMemory(planned) >= 70_446_481_408, `${planned}`);
    assert.ok(grownMemory(34e9) < 70_446_481_408);
  });
});
