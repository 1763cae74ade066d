import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { openExamples } from '../../../data/arrow/openExamples.js';
import type { Example, ExamplePassage, Passage } from '../../../data/example/example.js';
import { decodeImage } from '../../../data/image/decodeImage.js';
import { importExamples } from '../../../data/import/importExamples.js';
import { buildBm25Index } from '../../../eval/bm25/index.js';
import type { Contract } from '../../../configs/contract.js';
import type { MiningOptions } from '../../../eval/mining/chooseNegatives.js';
import type { Encoder } from '../../../eval/encoder/encoder.js';
import { mineArrow, mineNegatives } from '../../../eval/mining/mineNegatives.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { swatch } from '../../fixtures/swatch.js';

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
    const found = (await file.read(0)).map(({ id, query, positives, negatives }) => ({
      id,
      query,
      positives: positives.map(({ id, title, text }) => ({ id, title, text })),
      negatives,
    }));
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

  it('ranks pages by their images; what shows the image of a positive is no negative, whatever stands beside it', async () => {
    await startEngine();
    const reds = { a: 10, b: 20, c: 30, d: 40 };
    for (const [name, red] of Object.entries(reds))
      writeFileSync(place(`${name}.png`), (await swatch(red, 0, 0, 6, 6)).bytes);
    const page = (name: string, text = '') => ({ image: `${name}.png`, ...(text && { text }) });
    const rows = [
      { query: 'first', positive: page('a'), negative: [page('b'), page('a', 'the same page, read')] },
      { query: '', query_image: 'd.png', positive: page('c'), negative: ['a text'] },
    ];
    writeFileSync(place('rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await importExamples([place('rows.jsonl')], place('in.arrow'));
    /** The redder a page, the nearer to `first`; texts have no red at all. */
    const encode: Encoder['encode'] = async (kind, texts) => {
      const angles = texts.map(async ({ images }) =>
        images ? (await decodeImage(await images[0]!.read(), 'drop')).bytes[0]! / 40 : kind === 'query' ? 0 : 2.5,
      );
      return Float32Array.from((await Promise.all(angles)).flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
    };
    const contract = { precision: 'float32' };
    const encoder = { name: 'reds', dimensions: 2, identity: () => 'x', contract, encode } as unknown as Encoder;
    const asked = { ...options, negatives: 3, encoder, dense: { cacheBytes: 0 } };
    const mined = await mineArrow(place('in.arrow'), place('out.arrow'), asked);
    assert.deepEqual(mined, { rows: 2, passages: 5, short: 0 });
    const file = await openExamples(place('out.arrow'));
    const red = async (sha256: string) => (await decodeImage(await file.images!.read(sha256), 'drop')).bytes[0]!;
    const shown = async ({ images, text }: ExamplePassage) => (images ? red(images[0]!) : text);
    const rowsFound = await file.read(0);
    const found = [];
    for (const { negatives } of rowsFound) found.push(await Promise.all(negatives.map(shown)));
    await file.close();
    // The second query shows 40; its positive shows 30. Of the two pages that show 10, one is taken.
    assert.deepEqual(found, [
      [20, 30, 'a text'],
      [20, 10, 'a text'],
    ]);
    assert.equal(rowsFound[1]!.queryImages!.length, 1);

    await assert.rejects(
      mineArrow(place('in.arrow'), place('bm25.arrow'), options),
      /3 of 5 passages of .* are images without a text, which BM25 cannot rank; name a model that reads images by --model/,
    );
    // What was left of images of another file was taken for its own.
    await write([{ id: '1', query: 'apple', positives: [passage('a', 'apple')], negatives: [passage('b', 'pie')] }]);
    await mineArrow(place('in.arrow'), place('out.arrow'), { ...options, negatives: 1 });
    assert.ok(!existsSync(place('out.images.arrow')));
  });

  it('refuses ranks that hold fewer passages than are wanted', async () => {
    await assert.rejects(mineArrow('x', 'y', { ...options, fromRank: 5 }), {
      name: 'UserError',
      message: 'negatives are drawn from ranks of 1 and more; ranks 5 to 5 hold 1, 2 are wanted',
    });
  });

  /** Rows with one positive and one negative each; `same` asks what `first` asks. */
  const asking = (id: string, query: string, positive: string, negative: string): Example => ({
    id,
    query,
    positives: [passage(`p${id}`, positive)],
    negatives: [passage(`n${id}`, negative)],
  });
  const read = async (file: string) => {
    const opened = await openExamples(place(file));
    const rows = await opened.read(0);
    await opened.close();
    return rows;
  };

  it('leaves out the positives of every row that asks the same', async () => {
    await write([asking('1', 'apple', 'apple one', 'apple two'), asking('2', 'Apple?', 'apple three', 'apple four')]);
    await mineArrow(place('in.arrow'), place('out.arrow'), { ...options, toRank: 9 });
    for (const { negatives } of await read('out.arrow'))
      assert.deepEqual(negatives.map(({ id }) => id).sort(), ['n1', 'n2']);
  });

  it('writes scores, and keeps negatives below the positive by the margins', async () => {
    await write([
      asking('1', 'apple', 'apple pie pie pie', 'apple'),
      asking('2', 'apple', 'apple', 'apple x y z u v w'),
    ]);
    await mineArrow(place('in.arrow'), place('out.arrow'), { ...options, toRank: 9 });
    const [first] = await read('out.arrow');
    const score = first!.positives[0]!.score!;
    assert.ok(score > 0 && first!.negatives[0]!.score! > 0);
    await write([asking('1', 'apple', 'apple pie', 'apple'), asking('2', 'pear', 'pear', 'apple tart cake bread')]);
    const mined = async (more: object) => {
      await mineArrow(place('in.arrow'), place('out.arrow'), { ...options, toRank: 9, ...more });
      return (await read('out.arrow'))[0]!.negatives.map(({ id }) => id);
    };
    assert.deepEqual(await mined({}), ['n1', 'n2']);
    assert.deepEqual(await mined({ absoluteMargin: 0 }), ['n2']); // the shorter text scores above the positive
    assert.deepEqual(await mined({ relativeMargin: 0.9 }), []);
  });

  it('gives the same bytes for the same seed', async () => {
    await write(corpus.map(({ text }, row) => asking(`${row}`, 'apple', `pear ${row}`, text)));
    const bytes = async (seed: number) => {
      await mineArrow(place('in.arrow'), place('out.arrow'), { ...options, toRank: 12, seed });
      return readFileSync(place('out.arrow'));
    };
    const first = await bytes(1);
    assert.ok(first.equals(await bytes(1)));
    assert.ok(!first.equals(await bytes(2)));
  });

  describe('with a model', () => {
    before(() => startEngine());
    /** Embeds a number as the point of the unit circle at so many degrees. */
    const encoder = (calls: { texts: number }): Encoder => ({
      name: 'circle',
      contract: { precision: 'float32' } as Contract,
      dimensions: 2,
      identity: () => 'circle',
      async encode(_, texts) {
        calls.texts += texts.length;
        const degrees = texts.map(({ text }) => (Number(text) * Math.PI) / 180);
        return Float32Array.from(degrees.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
      },
    });
    const mined = async (more: Partial<MiningOptions>, calls = { texts: 0 }) => {
      const all = { ...options, ...more, encoder: encoder(calls), dense: { root: place('embeddings') } };
      await mineArrow(place('in.arrow'), place('out.arrow'), all);
      return read('out.arrow');
    };
    beforeEach(() =>
      write([asking('1', '0', '20', '10'), asking('2', '90', '100', '60'), asking('3', '45', '44', '30')]),
    );

    it('takes what is nearest, with its cosine as score', async () => {
      const [first] = await mined({ toRank: 3 });
      // By angle from 0: 10, 20 (the positive), 30.
      assert.deepEqual(
        first!.negatives.map(({ id }) => id),
        ['n1', 'n3'],
      );
      const cosine = (degrees: number) => Math.fround(Math.cos((degrees * Math.PI) / 180));
      assert.ok(Math.abs(first!.positives[0]!.score! - cosine(20)) < 1e-6);
      assert.ok(Math.abs(first!.negatives[1]!.score! - cosine(30)) < 1e-6);
    });

    it('keeps the margins', async () => {
      // cos 20 is 0.940, cos 30 is 0.866, cos 44 is 0.719, cos 60 is 0.5.
      const ids = async (more: Partial<MiningOptions>) =>
        (await mined({ toRank: 6, ...more }))[0]!.negatives.map(({ id }) => id);
      assert.deepEqual(await ids({ negatives: 6, absoluteMargin: 0 }), ['n3', 'p3', 'n2', 'p2']);
      assert.deepEqual(await ids({ negatives: 6, absoluteMargin: 0.1 }), ['p3', 'n2', 'p2']);
      assert.deepEqual(await ids({ negatives: 6, relativeMargin: 0.4 }), ['n2', 'p2']); // up to 0.564
    });

    it('says that it holds embeddings in memory where the disk cannot keep them, and refuses what memory cannot', async () => {
      // All of a corpus went into memory without a word. Six distinct passages of two numbers, 48 bytes.
      const calls = { texts: 0 };
      const told: string[] = [];
      const dense = {
        root: place('embeddings'),
        cacheBytes: 40,
        queriesAtATime: 1,
        warn: (text: string) => told.push(text),
      };
      const mine = (memoryBytes: number) =>
        mineArrow(place('in.arrow'), place('out.arrow'), {
          ...options,
          encoder: encoder(calls),
          dense: { ...dense, memoryBytes },
        });
      await assert.rejects(mine(47), {
        name: 'UserError',
        message:
          /take 4\.80e-8 GB, which the disk cannot keep: .*above the limit of 4\.00e-8 GB.*; nor can memory, of which/,
      });
      assert.deepEqual([calls.texts, told], [0, []]);
      await mine(48);
      const found = await read('out.arrow');
      assert.equal(calls.texts, 9, 'three blocks of one query: each passage is embedded once');
      assert.match(told.join(), /held in memory$/);
      assert.deepEqual(found, await mined({}));
    });

    it('embeds no passage a second time', async () => {
      const [once, again] = [{ texts: 0 }, { texts: 0 }];
      await mined({}, once);
      await mined({}, again);
      assert.deepEqual([once.texts, again.texts], [9, 3]);
    });
  });
});
