import assert from 'node:assert/strict';
import { PeerFailure } from '../../../../configs/peerFailure.js';
import { peerFailureIn } from '../../../../model/engine/ranks/peerFailureIn.js';

/** As TensorFlow 2.21 wrote them where ranks were killed, stopped or failed. */
const aborted = 'Message: Collective ops is aborted by: ';
const messages = {
  silent:
    `Invalid TF_Status: 14\n${aborted}Error reported from /job:worker/task:0: The following tasks are unhealthy ` +
    '(stopped sending heartbeats):\n/job:worker/replica:0/task:1\nThe tasks have crashed. Check the task logs.',
  failed: `Invalid TF_Status: 10\n${aborted}Error reported from /job:worker/task:2: memory has run out\nThe error could be`,
  closed:
    `Invalid TF_Status: 14\n${aborted}Socket closed\nAdditional GRPC error information from remote target ` +
    '/job:worker/replica:0/task:0 while calling /tensorflow.WorkerService/RecvBuf:\n:UNKNOWN:Error received from peer',
  unreachable:
    'failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:23500: Failed to connect to remote host: ' +
    'Connection refused\nAdditional GRPC error information from remote target /job:worker/replica:0/task:0 while calling',
  passedOn:
    `Invalid TF_Status: 10\n${aborted}Collective ops is aborted by: the weights in base are not those of rank 0\n` +
    'The error could be from a previous operation. Restart your program to reset.\nAdditional GRPC error information ' +
    'from remote target /job:worker/replica:0/task:2 while calling /tensorflow.WorkerService/RecvBuf:\n:UNKNOWN:Error',
  late: `Invalid TF_Status: 4\n${aborted}Deadline Exceeded`,
  shapes:
    `Invalid TF_Status: 3\n${aborted}Shape mismatch in the collective instance 1. Op at device ` +
    '/job:worker/replica:0/task:1/device:CPU:0 expected shape [4] but another member in the group expected shape [3].',
};

describe('peerFailureIn', () => {
  const place = { rank: 1, ranks: 3, localRank: 1, localRanks: 3, addresses: ['a:1', 'b:2', 'c:3'] };
  const wordsOf = (message: string) => peerFailureIn(message, place)?.message;

  it('names the rank that gives no sign of life, not the one that says so', () => {
    assert.equal(wordsOf(messages.silent), 'rank 1 of 3 (b:2) has ended or gives no sign of life');
  });

  it('tells the words of a rank that failed', () => {
    assert.equal(wordsOf(messages.failed), 'rank 2 of 3 (c:3) failed: memory has run out');
    assert.ok(peerFailureIn(messages.failed, place) instanceof PeerFailure);
  });

  // Between machines rank 0 said only that the other had ended.
  it('tells them too where they come along with the exchange that they broke off', () => {
    assert.equal(wordsOf(messages.passedOn), 'rank 2 of 3 (c:3) failed: the weights in base are not those of rank 0');
  });

  it('names the rank that a connection led to', () => {
    assert.equal(wordsOf(messages.closed), 'rank 0 of 3 (a:1) has ended');
    assert.equal(wordsOf(messages.unreachable), 'rank 0 of 3 (a:1) has ended');
  });

  // A stopped rank 0 was "another rank".
  it('names rank 0 where a deadline passed, since every sign of life goes there', () => {
    assert.equal(wordsOf(messages.late), 'rank 0 of 3 (a:1) has ended or gives no sign of life');
  });

  // Shapes that differ are a fault of ours, whose stack is wanted.
  it('takes nothing else for a failure of another rank', () => {
    assert.equal(peerFailureIn(messages.shapes, place), undefined);
    assert.equal(peerFailureIn('Invalid TF_Status: 8\nMessage: OOM when allocating', place), undefined);
    assert.equal(peerFailureIn('Cannot read properties of undefined', place), undefined);
  });
});
