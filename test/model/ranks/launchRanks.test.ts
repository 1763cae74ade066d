import assert from 'node:assert/strict';
import { peerFailureCode } from '../../../configs/peerFailure.js';
import { visibleCards } from '../../../model/engine/native/cards.js';
import { divideMachine } from '../../../model/ranks/divideMachine.js';
import { differenceFrom, type Hello } from '../../../model/ranks/hello.js';
import { verdict, withoutRanks } from '../../../model/ranks/launchRanks.js';
import type { RankEnd } from '../../../model/ranks/rankEnd.js';
import { requireQueries, requireRanks } from '../../../model/ranks/requireRanks.js';

describe('what the ends of several ranks come to', () => {
  const end = (rank: number, given: Partial<RankEnd>): RankEnd => ({
    ...{ rank, code: 0, signal: null, failure: undefined, isStopped: false, isEnded: false },
    ...given,
  });
  const byPeer = (rank: number) => end(rank, { code: peerFailureCode, failure: 'error: rank 1 of 2 has ended' });

  it('is the exit code and the words of the rank that failed by itself, once', () => {
    const failed = end(1, { code: 2, failure: 'error: rank 1: memory has run out' });
    assert.deepEqual(verdict([byPeer(0), failed, byPeer(2)], 3), {
      code: 2,
      words: 'error: rank 1: memory has run out',
    });
  });

  it('names a rank that a signal ended, and not those that were ended for it', () => {
    const killed = { code: null, signal: 'SIGKILL' as const };
    const { code, words } = verdict([end(0, { ...killed, isEnded: true }), end(1, killed)], 2);
    assert.equal(code, 1);
    assert.match(words!, /^error: rank 1 of 2 was ended by SIGKILL, as when memory runs out; .*--resume goes on$/);
  });

  // A rank that was stopped before all had joined was waited for as long as one that never comes, five minutes.
  it('names a rank that was stopped and ended for that, before what others saw of it', () => {
    const stopped = end(0, { code: null, signal: 'SIGKILL', isStopped: true });
    const { code, words } = verdict([stopped, byPeer(1)], 2);
    assert.equal(code, 1);
    assert.match(
      words!,
      /^error: rank 0 of 2 was stopped \(SIGSTOP, or a debugger\) for so long that it counts as gone/,
    );
  });

  it('is what the others saw where one was stopped and then ended from here', () => {
    const stopped = end(1, { code: null, signal: 'SIGKILL', isEnded: true });
    assert.deepEqual(verdict([byPeer(0), stopped], 2), {
      code: peerFailureCode,
      words: 'error: rank 1 of 2 has ended',
    });
  });

  it('is nothing to say where all ended well, were interrupted, or rank 0 has said it on its screen', () => {
    assert.deepEqual(verdict([end(0, {}), end(1, {})], 2), { code: 0 });
    assert.deepEqual(verdict([end(0, { code: 130 }), end(1, { code: 130 })], 2), { code: 130 });
    assert.deepEqual(verdict([end(0, { code: 2 }), byPeer(1)], 2), { code: 2 });
  });

  // A signal to one rank alone while they scored was heeded by that one, if at all.
  it('is an interruption where one rank alone was asked to end, and not where the others were asked since one failed', () => {
    const asked = end(1, { code: null, signal: 'SIGTERM' });
    assert.deepEqual(verdict([end(0, { code: 130 }), asked], 2), { code: 130 });
    assert.deepEqual(verdict([byPeer(0), asked], 2), { code: 130 });
    const killed = end(1, { code: null, signal: 'SIGKILL' });
    const { code, words } = verdict([end(0, { code: 130 }), killed], 2);
    assert.equal(code, 1);
    assert.match(words!, /^error: rank 1 of 2 was ended by SIGKILL/);
  });
});

describe('withoutRanks', () => {
  it('leaves the number of ranks out, however it is written', () => {
    assert.deepEqual(withoutRanks(['--base', 'demo', '--ranks', '2', '--json']), ['--base', 'demo', '--json']);
    assert.deepEqual(withoutRanks(['--ranks=2', '--base', 'demo']), ['--base', 'demo']);
  });
});

describe('divideMachine', () => {
  it('gives each rank an equal part of threads and memory', () => {
    assert.deepEqual(divideMachine(3, {}, { cores: 8, memory: 9e9 }), {
      TF_NUM_INTRAOP_THREADS: '2',
      TERCET_MEMORY_MEGABYTES: '3000',
    });
    assert.equal(divideMachine(4, {}, { cores: 2, memory: 9e9 })['TF_NUM_INTRAOP_THREADS'], '1');
  });

  it('keeps what the user has said', () => {
    const said = { TF_NUM_INTRAOP_THREADS: '5', TERCET_MEMORY_MEGABYTES: '700' };
    assert.deepEqual(divideMachine(2, said, { cores: 8, memory: 9e9 }), said);
  });
});

describe('requireRanks', () => {
  it('takes a whole number from 1 on, and no more ranks than cards', () => {
    for (const ranks of [0, -1, 1.5])
      assert.throws(() => requireRanks(ranks, 0), /^UserError: --ranks must be a whole number from 1 on/);
    assert.throws(
      () => requireRanks(3, 2),
      /--ranks 3 needs a card for each rank, and 2 are visible here; take --ranks 2/,
    );
    requireRanks(3, 0);
    requireRanks(2, 2);
  });

  it('asks for a query of each pool for every rank', () => {
    assert.throws(() => requireQueries(5, 4), /^UserError: 5 ranks share a pool of 4 queries.*take at most --ranks 4/);
    requireQueries(4, 4);
  });
});

describe('visibleCards', () => {
  it('counts what CUDA_VISIBLE_DEVICES leaves of the cards', () => {
    assert.equal(visibleCards({}, 8), 8);
    assert.equal(visibleCards({ CUDA_VISIBLE_DEVICES: '4,5' }, 8), 2);
    assert.equal(visibleCards({ CUDA_VISIBLE_DEVICES: '' }, 8), 0);
  });
});

describe('differenceFrom', () => {
  const hello: Hello = { version: '1.0.0', engine: 'tensorflow 2.21.0 on the CPU', host: 'a', args: ['--base', 'x'] };

  it('says what keeps a rank from working with rank 0', () => {
    assert.equal(differenceFrom(hello, { ...hello, host: 'b' }), undefined);
    const difference = (own: Partial<Hello>) => differenceFrom(hello, { ...hello, ...own })!;
    assert.match(difference({ version: '2.0.0' }), /^tercet is 2\.0\.0 here and 1\.0\.0 at rank 0 on a; install one/);
    assert.match(difference({ engine: 'wasm' }), /^wasm computes here and tensorflow 2\.21\.0 on the CPU at rank 0/);
    assert.match(
      difference({ args: ['--base', 'y'] }),
      /^the command here is "--base y" and that of rank 0 "--base x"/,
    );
  });
});
