import assert from 'node:assert/strict';
import { availableMemory } from '../../model/machine.js';

describe('availableMemory', () => {
  const { constrainedMemory } = process;
  afterEach(() => Object.assign(process, { constrainedMemory }));

  // A container's limit counts what the process holds already; planned with in full, the system ended the process.
  it('is what the limit of a container leaves beside this process', () => {
    const { rss } = process.memoryUsage();
    process.constrainedMemory = () => rss + 100e6;
    const left = availableMemory();
    assert.ok(left > 20e6 && left < 180e6, `${left}`);
    process.constrainedMemory = () => 1e6;
    assert.equal(availableMemory(), 0);
  });

  it('is what the system has where nothing limits it', () => {
    process.constrainedMemory = () => 0;
    assert.ok(availableMemory() > 1e6);
  });
});
