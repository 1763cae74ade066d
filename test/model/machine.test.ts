import assert from 'node:assert/strict';
import { availableMemory, memoryLimitVariable, parseVmStat, seenCards } from '../../model/machine.js';

describe('parseVmStat', () => {
  // Free memory of macOS is what nothing was ever read into: a laptop with 10 GB to spare was planned with 100 MB.
  it('adds the pages that are free to those that give way', () => {
    const printed = [
      'Mach Virtual Memory Statistics: (page size of 16384 bytes)',
      'Pages free:                                5000.',
      'Pages active:                            300000.',
      'Pages inactive:                          200000.',
      'Pages speculative:                         1000.',
      'Pages throttled:                              0.',
      'Pages wired down:                        120000.',
      'Pages purgeable:                           2000.',
      '"Translation faults":                1234567890.',
    ].join('\n');
    assert.equal(parseVmStat(printed), 16384 * (5000 + 200000 + 1000 + 2000));
    assert.equal(parseVmStat('vm_stat: command not found'), undefined);
  });
});

// The first card that nvidia-smi lists was told of, whichever one CUDA_VISIBLE_DEVICES named.
describe('seenCards', () => {
  const printed =
    '0, GPU-a1b2, NVIDIA H100 80GB HBM3, 81559 MiB, 560.1\n1, GPU-c3d4, NVIDIA A100-SXM4-40GB, 40960 MiB, 560.1\n';
  const [h100, a100] = ['NVIDIA H100 80GB HBM3, 81559 MiB, 560.1', 'NVIDIA A100-SXM4-40GB, 40960 MiB, 560.1'];

  it('lists those that a process may see, in the order in which they were named', () => {
    assert.deepEqual(seenCards(printed, undefined), [h100, a100]);
    assert.deepEqual(seenCards(printed, '1'), [a100]);
    assert.deepEqual(seenCards(printed, '1, 0'), [a100, h100]);
    assert.deepEqual(seenCards(printed, 'GPU-c3'), [a100]);
  });

  it('lists none where none may be seen, or was printed', () => {
    for (const visible of ['', '-1', '7', 'GPU-ff']) assert.deepEqual(seenCards(printed, visible), [], visible);
    assert.deepEqual(seenCards('', undefined), []);
    assert.deepEqual(seenCards('No devices were found\n', undefined), []);
  });
});

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

  it('is what the limit of a rank leaves beside it, where that is less than there is', () => {
    const unlimited = availableMemory();
    const { rss } = process.memoryUsage();
    process.env[memoryLimitVariable] = String(Math.ceil(rss / 1e6) + 50);
    const limited = availableMemory();
    process.env[memoryLimitVariable] = '1e9';
    const asBefore = availableMemory();
    delete process.env[memoryLimitVariable];
    assert.ok(limited > 0 && limited < 60e6, `${limited}`);
    assert.ok(asBefore > 0.5 * unlimited, `${asBefore} of ${unlimited}`);
  });
});
