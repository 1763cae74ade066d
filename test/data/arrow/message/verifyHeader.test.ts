import assert from 'node:assert/strict';
import { Message } from 'apache-arrow';
import { exampleSchema } from '../../../../data/arrow/exampleSchema.js';
import { verifyHeader } from '../../../../data/arrow/message/verifyHeader.js';

describe('verifyHeader', () => {
  const schema = exampleSchema({ source: 'by hand' });
  const header = Buffer.from(Message.encode(Message.from(schema)));

  it('passes what a writer wrote', () => {
    verifyHeader(header, 'message');
  });

  // Decoding a header like some of these went on until the memory was full.
  it('throws for each count or reference that leads outside, and lets pass only what can be decoded', () => {
    let refused = 0;
    for (let at = 0; at + 4 <= header.length; at += 2)
      for (const value of [0x7fffffff, -1, 1 << 24, header.length]) {
        const changed = Buffer.from(header);
        changed.writeInt32LE(value, at);
        try {
          verifyHeader(changed, 'message');
        } catch {
          refused++;
          continue;
        }
        try {
          Message.decode(changed).header();
        } catch {
          // It came to an end, which is all that is asked.
        }
      }
    assert.ok(refused > header.length / 4, `${refused} refused of ${2 * header.length}`);
  });

  it('throws for what is cut short', () => {
    for (let length = 0; length < header.length - 40; length += 3)
      assert.throws(() => verifyHeader(header.subarray(0, length), 'message'));
  });
});
