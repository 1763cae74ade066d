import assert from 'node:assert/strict';

const silenceModule = new URL('../../../setup/lock/silence.mjs', import.meta.url).href;
const { watchSilence } = (await import(silenceModule)) as {
  watchSilence(nowMs: () => number): (lock: { holder: unknown; key: string; modifiedMs: number }) => boolean;
};
const elsewhere = { process: '7-1-0-abcdef01-abcdef02-1', children: [] };

describe('watchSilence', () => {
  let now = 0;
  const watch = () => {
    now = 0;
    const isSilent = watchSilence(() => now);
    return (ms: number, modifiedMs: number, holder: unknown = elsewhere) => {
      now = ms;
      return isSilent({ holder, key: 'a', modifiedMs });
    };
  };

  it('waits ten minutes of its own clock for a sign of a holder that cannot be looked up', () => {
    const isSilent = watch();
    assert.deepEqual([isSilent(0, 5), isSilent(600_000, 5), isSilent(600_001, 5)], [false, false, true]);
  });

  it('begins anew with each sign, whatever time the other clock gives it', () => {
    const isSilent = watch();
    assert.deepEqual([isSilent(0, 5), isSilent(599_000, 2), isSilent(1_199_000, 2)], [false, false, false]);
    assert.equal(isSilent(1_199_001, 2), true);
  });

  it('waits ten seconds for a lock that is being written', () => {
    const isSilent = watch();
    assert.deepEqual([isSilent(0, 5, null), isSilent(10_000, 5, null)], [false, false]);
    assert.equal(isSilent(10_001, 5, null), true);
  });
});
