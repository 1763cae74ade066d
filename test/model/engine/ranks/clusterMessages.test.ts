import assert from 'node:assert/strict';
import { rankIn, serverDef } from '../../../../model/engine/ranks/clusterMessages.js';
import { patienceOf } from '../../../../model/engine/ranks/joinRanks.js';
import { bytesField, numberField } from '../../../../model/engine/protobuf.js';

describe('a message of Google wire format', () => {
  // The examples of protobuf.dev, Encoding: field 1 is 150; field 2 is "testing"; a message in field 3.
  it('has the bytes of the examples in its documentation', () => {
    assert.deepEqual(numberField(1, 150), [0x08, 0x96, 0x01]);
    assert.deepEqual(bytesField(2, 'testing'), [0x12, 0x07, ...Buffer.from('testing')]);
    assert.deepEqual(bytesField(3, numberField(1, 150)), [0x1a, 0x03, 0x08, 0x96, 0x01]);
  });

  it('holds numbers beyond 32 bits', () => {
    assert.deepEqual(numberField(1, 2 ** 35), [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
  });
});

describe('serverDef', () => {
  it('lists every rank with its address, and says which this one is', () => {
    const place = { rank: 1, ranks: 2, localRank: 1, localRanks: 2, addresses: ['a:1', 'b:2'] };
    const task = (rank: number, address: string) => bytesField(2, [8, rank, 0x12, 3, ...Buffer.from(address)]);
    const job = [0x0a, 6, ...Buffer.from('worker'), ...task(0, 'a:1'), ...task(1, 'b:2')];
    assert.deepEqual(serverDef(place, [8, 7]), [
      ...bytesField(1, bytesField(1, job)),
      ...[0x12, 6, ...Buffer.from('worker')],
      ...[0x18, 1],
      ...[0x22, 2, 8, 7],
      ...[0x2a, 4, ...Buffer.from('grpc')],
    ]);
  });
});

describe('rankIn', () => {
  it("finds the rank in TensorFlow's names of tasks", () => {
    assert.equal(rankIn('/job:worker/replica:0/task:12/device:CPU:0'), 12);
    assert.equal(rankIn('no task'), undefined);
  });
});

describe('patienceOf', () => {
  it('reads seconds, and refuses anything else', () => {
    assert.deepEqual(patienceOf({}), { join: 300, heartbeat: 30 });
    assert.deepEqual(patienceOf({ TERCET_JOIN_SECONDS: '600', TERCET_HEARTBEAT_SECONDS: '5' }), {
      join: 600,
      heartbeat: 5,
    });
    for (const text of ['0', '1.5', '10s', '-3'])
      assert.throws(() => patienceOf({ TERCET_HEARTBEAT_SECONDS: text }), /TERCET_HEARTBEAT_SECONDS must be a whole/);
  });
});
