import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { engineFolder } from '../../../../setup/folder/engineFolder.mjs';
import { assertClose } from '../../../assertions.js';
import { placesHere, startRanks, type RankEnd } from './startRanks.js';

const worker = new URL('rankWorker.ts', import.meta.url);

describe('joinedCollective', function () {
  this.timeout(300_000);
  before(function () {
    if (existsSync(engineFolder().bindingRecord) && process.env['TERCET_BACKEND'] !== 'wasm') return;
    console.log('skipped: the TensorFlow engine is not installed');
    this.skip();
  });

  const failureOf = ({ said }: RankEnd) => said.find(({ error }) => error !== undefined);

  // TensorFlow keeps SIGTERM to itself once ranks are joined: launchers could then end a rank by SIGKILL alone.
  it('sums, gathers and tells among three ranks, keeps nothing, and leaves SIGTERM its meaning', async () => {
    const ends = await startRanks(worker, await placesHere(3), ['exchange']);
    for (const { said, errors } of ends) {
      const [found, left] = said as [{ sums: number[][] }, object];
      assert.ok(found, errors);
      assertClose(found.sums[0]!, [3, 111, 1], 1e-6);
      assertClose(found.sums[1]!, [6, 222, 2], 1e-6); // the key of the first sum, used again
      assert.deepEqual(found, {
        sums: found.sums,
        rows: [
          [0, 0.5],
          [1, 0.5],
          [2, 0.5],
        ],
        told: ['words of 0', 'words of 1', 'words of 2'],
        again: ['more of 0', 'more of 1', 'more of 2'],
      });
      assert.deepEqual(left, { left: 0, child: null }); // a child would have joined in its parent's place
    }
    // Rank 0 ended while others still read its last words, and they failed with a run that was done.
    const [late] = ends[1]!.said.splice(2, 1);
    assert.deepEqual(late, { late: 'words of 0' });
    assert.deepEqual(ends[0]!.said, ends[1]!.said);
    assert.deepEqual(ends[1]!.said.at(-1), { end: 'well' });
    assert.equal(ends[2]!.signal, 'SIGTERM');
  });

  it('names a rank that was killed, within the heartbeat limit', async () => {
    const [first, killed] = await startRanks(worker, await placesHere(2), ['killed']);
    assert.equal(killed!.signal, 'SIGKILL');
    const { error, message } = failureOf(first!)!;
    assert.equal(error, 'PeerFailure');
    assert.match(String(message), /^rank 1 of 2 \(127\.0\.0\.1:\d+\) has ended( or gives no sign of life)?$/);
  });

  it('knows without an exchange, and not before, that a rank was killed', async () => {
    const [killed, other] = await startRanks(worker, await placesHere(2), ['lost']);
    assert.equal(killed!.signal, 'SIGKILL');
    const { before, error, message } = failureOf(other!)!;
    assert.deepEqual([before, error], [null, 'PeerFailure']);
    assert.match(String(message), /^rank 0 of 2 \(127\.0\.0\.1:\d+\) has ended( or gives no sign of life)?$/);
  });

  // Where rank 0 had nothing to train, it waited a minute for each other one, which waited for what it would tell.
  it('lets all end where rank 0 gives up, and waits for none of them', async () => {
    const [first, second] = await startRanks(worker, await placesHere(2), ['refused']);
    assert.deepEqual(first!.said, [{ waited: false }]);
    const { error, message } = failureOf(second!)!;
    assert.equal(error, 'PeerFailure');
    assert.match(String(message), /^rank 0 of 2 \(.*\) (failed: it began no run|has ended)$/);
  });

  it('says which rank did not come, and where a port is taken', async () => {
    const [place, absent] = await placesHere(2);
    const [, taken] = await placesHere(2);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(Number(taken!.addresses[1]!.split(':')[1]), resolve));
    const patience = { TERCET_JOIN_SECONDS: '1' };
    const [[lonely], [refused]] = await Promise.all([
      startRanks(worker, [place!], ['exchange'], patience),
      startRanks(worker, [taken!], ['exchange'], patience),
    ]);
    server.close();
    const alone = failureOf(lonely!)!;
    assert.equal(alone['error'], 'PeerFailure');
    const missing = `rank 0 of 2 waited 1 s and rank 1 did not come from ${absent!.addresses[1]}: `;
    assert.ok(String(alone['message']).startsWith(missing), String(alone['message']));
    const { error, message } = failureOf(refused!)!;
    assert.equal(error, 'UserError');
    assert.ok(String(message).startsWith(`rank 1 of 2 cannot listen at ${taken!.addresses[1]}: `), String(message));
  });
});
