import assert from 'node:assert/strict';
import { lineBlocks } from '../../../../data/import/source/lineBlocks.js';

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}
async function blocks(source: AsyncIterable<Buffer>, longest?: number) {
  const found: (string | [string, number])[] = [];
  for await (const { bytes, tooLong } of lineBlocks(source, longest))
    found.push(tooLong === undefined ? bytes.toString() : [bytes.toString(), tooLong]);
  return found;
}

describe('lineBlocks', () => {
  it('gives whole lines, wherever the pieces are cut', async () => {
    assert.deepEqual(await blocks(pieces('a\nb', 'c\nd\n', 'e', 'f', '\n', 'g')), ['a\n', 'bc\n', 'd\n', 'ef\n', 'g']);
    const text = 'one\n\ntwo\r\nthree';
    for (let size = 1; size <= text.length; size++) {
      const cut = text.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
      const found = (await blocks(pieces(...cut))) as string[];
      assert.equal(found.join(''), text);
      assert.ok(found.slice(0, -1).every((block) => block.endsWith('\n')));
    }
  });

  it('lets a line that is too long go by, keeping its beginning and its length alone', async () => {
    assert.deepEqual(await blocks(pieces('a\nbbb', 'bbbb', 'bb\ncc\n', 'dddd'), 6), [
      'a\n',
      ['bbb', 10],
      'cc\n',
      'dddd',
    ]);
    let most = 0;
    const long = async function* () {
      for (let part = 0; part < 110; part++) {
        yield Buffer.alloc(2 ** 20, 'x');
        most = Math.max(most, process.memoryUsage().arrayBuffers);
      }
      yield Buffer.from('\nshort\n');
    };
    const before = process.memoryUsage().arrayBuffers;
    const [first, second] = await blocks(long());
    assert.deepEqual([(first as [string, number])[1], second], [110 * 2 ** 20 + 1, 'short\n']);
    assert.ok(most - before < 100 * 2 ** 20, `${most - before} bytes held`);
  });
});
