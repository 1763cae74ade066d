import assert from 'node:assert/strict';
import { createExampleWriter } from '../../data/arrow/writeExamples.js';
import { openExamples } from '../../data/arrow/openExamples.js';
import type { Example, Passage } from '../../data/example.js';
import { buildBm25Index } from '../../eval/bm25.js';
import { mineArrow, mineNegatives, type MiningOptions } from '../../eval/mineNegatives.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

const passage = (id: string, text: string): Passage => ({ id, title: '', text });
/** All have one "apple"; the longer the text, the lower its rank. */
const corpus = Array.from({ length: 12 }, (_, rank) =>
  passage(`p${rank + 1}`, `apple ${'filler '.repeat(rank * 3)}n${rank}`),
);
const example = (id: string, positives: Passage[]): Example => ({ id, query: 'apple', positives, negatives: [] });

describe('mineNegatives', () => {
  const index = buildBm25Index(corpus);
  const mine = async (examples: Example[], options: Partial<MiningOptions>, from = corpus, built = index) => {
    const mined: string[][] = [];
    const all = { negatives: 3, fromRank: 1, toRank: 12, seed: 1, ...options };
    for await (const { negatives } of mineNegatives(examples, from, built, all))
      mined.push(negatives.map(({ id }) => id));
    return mined;
  };

  it('takes all of the ranks asked for, in their order, when as many are wanted', async () => {
    assert.deepEqual(await mine([example('q', [])], { fromRank: 4, toRank: 6 }), [['p4', 'p5', 'p6']]);
  });

  it('leaves positives out by id', async () => {
    const [mined] = await mine([example('q', [passage('p5', 'another text')])], { fromRank: 4, toRank: 6 });
    assert.deepEqual(mined, ['p4', 'p6']);
  });

  it('leaves positives out by text, whatever its case, marks and blanks', async () => {
    const same = passage('x', `  APPLE, ${'Filler  '.repeat(12)}N4!`);
    assert.deepEqual(await mine([example('q', [same])], { fromRank: 4, toRank: 6 }), [['p4', 'p6']]);
  });

  it('does not take passages without an id for one another', async () => {
    const nameless = corpus.map(({ text }) => passage('', text));
    const from = nameless.slice(0, 3);
    const [mined] = await mine([example('q', [nameless[7]!])], {}, from, buildBm25Index(from));
    assert.equal(mined!.length, 3);
  });

  it('does not take the same text twice', async () => {
    const twice = [passage('one', 'apple pie'), passage('two', 'Apple pie.'), passage('three', 'apple tart')];
    const [mined] = await mine([example('q', [])], {}, twice, buildBm25Index(twice));
    assert.equal(mined!.length, 2);
    assert.ok(mined!.includes('three'));
  });

  it('draws by seed and example, whatever stands before it', async () => {
    const [first, second] = await mine([example('q1', []), example('q2', [])], {});
    assert.deepEqual(await mine([example('q2', [])], {}), [second]);
    const others = await mine([example('q1', []), example('q2', [])], { seed: 2 });
    assert.notDeepEqual(others, [first, second]);
    assert.equal(new Set(first).size, 3);
  });
});

describe('mineArrow', () => {
  const place = useTemporaryFolder();
  const options = { negatives: 2, fromRank: 1, toRank: 5, seed: 1 };
  const write = async (examples: Example[]) => {
    const writer = await createExampleWriter(place('in.arrow'), { rowsPerBatch: 2 });
    for (const each of examples) await writer.write(each);
    await writer.close();
  };

  it("mines from the file's own passages and keeps ids, queries and positives", async () => {
    const rows: Example[] = [
      { id: '1', query: 'apple', positives: [passage('a', 'apple pie')], negatives: [passage('n', 'apple tree')] },
      {
        id: '2',
        query: 'apple tart',
        positives: [passage('b', 'apple tart')],
        negatives: [passage('n', 'apple tree')],
      },
      { id: '3', query: 'zebra', positives: [passage('c', 'striped zebra')], negatives: [] },
    ];
    await write(rows);
    const told: number[] = [];
    const mined = await mineArrow(place('in.arrow'), place('out.arrow'), options, (done, all) => told.push(done / all));
    assert.deepEqual(mined, { rows: 3, passages: 4, short: 1 });
    assert.deepEqual([told.length, told.at(-1)], [6, 1]);
    const file = await openExamples(place('out.arrow'));
    const found = await file.read(0);
    await file.close();
    assert.deepEqual(
      found.map(({ id, query, positives }) => ({ id, query, positives })),
      rows.map(({ id, query, positives }) => ({ id, query, positives })),
    );
    assert.deepEqual(
      found.map(({ negatives }) => negatives.map(({ id }) => id).sort()),
      [['b', 'n'], ['a', 'n'], []],
    );
  });

  it('refuses ranks that hold fewer passages than are wanted', async () => {
    await assert.rejects(mineArrow('x', 'y', { ...options, fromRank: 5 }), {
      name: 'UserError',
      message: 'negatives are drawn from ranks of 1 and more; ranks 5 to 5 hold 1, 2 are wanted',
    });
  });
});
