import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { openExamples } from '../../../../data/arrow/openExamples.js';
import type { Example } from '../../../../data/example/example.js';
import { textId } from '../../../../data/example/textId.js';
import { leaveImagesOut } from '../../../../data/import/images/storeImages.js';
import { importExamples, type ImportOptions } from '../../../../data/import/importExamples.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { swatch } from '../../../fixtures/swatch.js';

describe('importing images', () => {
  const at = useTemporaryFolder();
  const pages = new Map<string, string>();
  beforeEach(() => pages.clear());
  /** A page's file below the folder of the data; its hash. */
  const page = async (name: string, red: number) => {
    mkdirSync(at('pages'), { recursive: true });
    const { bytes, sha256 } = await swatch(red);
    writeFileSync(at(`pages/${name}`), bytes);
    pages.set(sha256, bytes.toString('base64'));
    return sha256;
  };
  const lines = (name: string, rows: object[]) =>
    writeFileSync(at(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const run = (name: string, options: ImportOptions = {}) => importExamples([at(name)], at('out.arrow'), options);
  async function imported(): Promise<{ rows: Example[]; images: Map<string, string>; sizes: string[] }> {
    const file = await openExamples(at('out.arrow'));
    const rows: Example[] = [];
    for (let batch = 0; batch < file.batchRows.length; batch++) rows.push(...(await file.read(batch)));
    const images = new Map<string, string>();
    for (const sha256 of file.images?.images.keys() ?? [])
      images.set(sha256, Buffer.from(await file.images!.read(sha256)).toString('base64'));
    const sizes = [...(file.images?.images.values() ?? [])].map(({ format, width, height }) =>
      [format, width, height].join(' '),
    );
    await file.close();
    return { rows, images, sizes };
  }
  const passage = (text: string, ...images: string[]) => ({
    ...{ id: '', title: '', text },
    ...(images.length > 0 && { images }),
  });

  it('keeps each distinct image once, whatever rows name it, and rows by its hash', async () => {
    const [a, b] = [await page('a.png', 1), await page('b.png', 2)];
    writeFileSync(at('pages/same.png'), readFileSync(at('pages/a.png')));
    lines('rows.jsonl', [
      { query: 'one', positive: { image: 'pages/a.png' }, negative: [{ text: 'words', image: 'pages/b.png' }] },
      { query: 'two', positive: { images: ['pages/same.png', 'pages/b.png'] }, negative: ['text alone'] },
      { query: '', query_image: 'pages/b.png', positive: 'named', negative: [] },
    ]);
    const summary = await run('rows.jsonl');
    assert.deepEqual([summary!.rows, summary!.images, summary!.rejected], [3, 2, []]);
    const { rows, images, sizes } = await imported();
    assert.deepEqual(rows, [
      { id: textId(Buffer.from('one')), query: 'one', positives: [passage('', a)], negatives: [passage('words', b)] },
      {
        id: textId(Buffer.from('two')),
        query: 'two',
        positives: [passage('', a, b)],
        negatives: [passage('text alone')],
      },
      {
        ...{ id: textId(Buffer.from(`\n${b}`)), query: '', queryImages: [b] },
        ...{ positives: [passage('named')], negatives: [] },
      },
    ]);
    assert.deepEqual(images, pages);
    assert.deepEqual(sizes, ['PNG 8 8', 'PNG 8 8']);
  });

  it('takes strings as paths where the first positive names an image, and as texts otherwise', async () => {
    const [a, b] = [await page('a.png', 1), await page('b.png', 2)];
    lines('rows.jsonl', [{ anchor: 'one', positive: 'pages/a.png', negative_0: 'pages/b.png', negative_1: null }]);
    assert.equal((await run('rows.jsonl'))!.sources[0]!.format, 'image-triplets');
    const [row] = (await imported()).rows;
    assert.deepEqual([row!.positives, row!.negatives], [[passage('', a)], [passage('', b)]]);
    await run('rows.jsonl', { format: 'triplets' });
    assert.deepEqual((await imported()).rows[0]!.positives, [passage('pages/a.png')]);
  });

  it("finds images of Tevatron's ids in a collection, relative to its folder", async () => {
    const a = await page('a.png', 1);
    writeFileSync(at('pages/corpus.jsonl'), `{"docid":"p","text":"","image":"a.png"}\n{"docid":"t","text":"words"}\n`);
    lines('rows.jsonl', [
      { query_id: 'q', query_text: 'one', positive_document_ids: ['p'], negative_document_ids: ['t'] },
    ]);
    await run('rows.jsonl', { collection: at('pages/corpus.jsonl') });
    const [row] = (await imported()).rows;
    assert.deepEqual(row!.positives, [{ id: 'p', title: '', text: '', images: [a] }]);
    assert.deepEqual(row!.negatives, [{ id: 't', title: '', text: 'words' }]);
  });

  it('lists what it refuses by row, file, reason and remedy, and keeps no image of such a row', async () => {
    await page('a.png', 1);
    const whole = readFileSync(at('pages/a.png'));
    writeFileSync(at('pages/cut.png'), whole.subarray(0, whole.length - 20));
    writeFileSync(at('pages/thin.png'), (await swatch(3, 0, 0, 201, 1)).bytes);
    writeFileSync(at('pages/book.pdf'), '%PDF-1.7');
    const row = (image: unknown) => ({ query: 'one', positive: { image: 'pages/a.png' }, negative: [{ image }] });
    lines('rows.jsonl', [
      row('pages/cut.png'),
      row('pages/none.png'),
      row('pages/book.pdf'),
      row('pages/thin.png'),
      row('https://example.org/a.png'),
      { query: 'text', positive: 'words', negative: [] },
    ]);
    const { rejected, images, rejectsFile } = (await run('rows.jsonl'))!;
    assert.deepEqual(
      rejected.map(({ reason, rows }) => [reason, rows]),
      [
        ['an image that is cut short; fetch it again', 1],
        ['an image that does not exist; put it there', 1],
        ['an image that is a PDF, which is not read; render its pages as PNG first', 1],
        ['an image that is N x N pixels; one side may be at most 200 times as long as the other; cut it', 1],
        ['negative with an image behind an address; download it and name the file', 1],
      ],
    );
    assert.equal(images, 0);
    const [cut] = readFileSync(rejectsFile!, 'utf8').split('\n');
    const { file, line, content } = JSON.parse(cut!) as Record<string, unknown>;
    assert.deepEqual([file, line], [at('rows.jsonl'), 1]);
    assert.equal(content, 'pages/cut.png is cut short; fetch it again');
  });

  it('links to files instead of copying them, or leaves images out, when it is told to', async () => {
    const a = await page('a.png', 1);
    lines('rows.jsonl', [{ query: 'one', positive: { text: 'words', image: 'pages/a.png' }, negative: [] }]);
    await run('rows.jsonl', { images: 'link' });
    assert.deepEqual((await imported()).images, new Map([[a, pages.get(a)!]]));
    writeFileSync(at('pages/a.png'), (await swatch(9)).bytes);
    const file = await openExamples(at('out.arrow'));
    await assert.rejects(file.images!.read(a), /a\.png holds another image than/);
    await file.close();
    const image = { name: 'a.png', path: 'a.png' };
    const given = { id: 'q', query: 'one', positives: [{ ...passage('words'), images: [image] }], negatives: [] };
    assert.deepEqual(await leaveImagesOut(given), { ...given, positives: [passage('words')] });
  });

  // Batches of images once ended wherever a place was saved: files then depended on the time.
  // `none` is the remedy that a message names, and the row was refused for the image that it leaves out.
  it('leaves out images that could not be read either, when it is told to', async () => {
    const far = 'https://example.org/a.png';
    lines('rows.jsonl', [
      { query: 'one', query_image: far, positive: { text: 'words', image: far }, negative: [{ text: 'no', image: 7 }] },
    ]);
    const summary = await run('rows.jsonl', { images: 'none' });
    assert.deepEqual([summary!.rows, summary!.rejected], [1, []]);
    const [row] = (await imported()).rows;
    assert.deepEqual([row!.query, row!.positives, row!.negatives], ['one', [passage('words')], [passage('no')]]);
  });

  it('ends with the same bytes when it was killed on its way and goes on', async () => {
    for (let red = 0; red < 20; red++) await page(`${red}.png`, red);
    const row = (index: number) => ({
      ...{ query: `q${index} ${'long '.repeat(200)}`, positive: { image: `pages/${Math.floor(index / 125)}.png` } },
      negative: [{ image: `pages/${index % 4}.png` }],
    });
    lines(
      'rows.jsonl',
      Array.from({ length: 2500 }, (_, index) => row(index)),
    );
    await run('rows.jsonl');
    const files = () => ['out.arrow', 'out.images.arrow'].map((name) => readFileSync(at(name)));
    const whole = files();
    let pieces = 0;
    const die = () => {
      if (++pieces === 3) throw new Error('killed');
    };
    await assert.rejects(run('rows.jsonl', { saveEveryMs: 0, onBytes: die }), /killed/);
    for (const name of ['rows.arrow', 'images.arrow'])
      writeFileSync(at(`out.arrow.import/${name}`), 'half a message', { flag: 'a' });
    let from: unknown;
    await run('rows.jsonl', { onSources: (_, place) => (from = place?.line) });
    assert.equal(from, 1024);
    assert.deepEqual(files(), whole);
  });
});
