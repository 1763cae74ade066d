import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import sharp from 'sharp';
import { contractHash } from '../../../checkpoints/contract/contractFile.js';
import { claim, release } from '../../../eval/dense/claims.js';
import { encodeFile, helpEncodeFile } from '../../../eval/dense/encodeFile.js';
import { scanTexts, type ScannedTexts } from '../../../eval/dense/textsToEncode.js';
import type { Encoder } from '../../../eval/encoder/encoder.js';
import { contract } from '../../checkpoints/examples.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('encodeFile', () => {
  const place = useTemporaryFolder();
  /** Embeds a text as its length and half of it; notes what it is given at one time. */
  const encoder = (calls: string[][], failAt?: string, identity = 'one'): Encoder => ({
    name: 'fake',
    contract,
    dimensions: 2,
    identity: () => identity,
    async encode(_, texts, onProgress, begun) {
      const { values, isDone } = begun!;
      const made: string[] = [];
      for (const [row, { text }] of texts.entries()) {
        if (isDone[row]) continue;
        if (text === failAt) throw new Error('killed');
        made.push(text);
        values.set([text.length, text.length / 2], 2 * row);
        isDone[row] = 1;
      }
      calls.push(made);
      onProgress?.(texts.length);
      return values;
    },
  });
  const words = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
  const input = (texts = words) => {
    writeFileSync(
      place('in.jsonl'),
      texts.map((text, row) => `${JSON.stringify({ _id: `t${row}`, text })}\n`).join(''),
    );
    return scanTexts(place('in.jsonl'), place('out.arrow'));
  };
  const encode = async (using: Encoder, texts = words, done: number[] = []) =>
    encodeFile(await input(texts), place('out.arrow'), 'passage', using, (...counts) => done.push(...counts), {
      rowsPerBatch: 2,
    });

  it('writes ids, embeddings and contract, a part of the texts in memory at a time', async () => {
    // All texts, all embeddings and the bytes of the file were in memory together, and an array ends at 2^31 bytes.
    const [calls, done]: [string[][], number[]] = [[], []];
    await encode(encoder(calls), words, done);
    assert.deepEqual(calls, [['a', 'bb'], ['ccc', 'dddd'], ['eeeee']]);
    assert.deepEqual(done, [2, 0, 4, 0, 5, 0]);
    const table = tableFromIPC(readFileSync(place('out.arrow')));
    assert.deepEqual([...table.getChild('id')!], ['t0', 't1', 't2', 't3', 't4']);
    assert.deepEqual(
      [...table.getChild('embedding')!].map((vector: { toArray(): Float32Array }) => [...vector.toArray()]),
      words.map(({ length }) => [length, length / 2]),
    );
    assert.equal(table.batches.length, 3);
    assert.equal(table.schema.metadata.get('tercet.contractHash'), contractHash(contract));
    assert.deepEqual(readdirSync(place('.')).sort(), ['in.jsonl', 'out.arrow']);
  });

  it('goes on after what a process that ended had done, to the same file', async () => {
    await encode(encoder([]));
    const whole = readFileSync(place('out.arrow'));
    await assert.rejects(encode(encoder([], 'eeeee')), /killed/);
    assert.ok(whole.equals(readFileSync(place('out.arrow'))), 'the older output is intact');
    // What came after the last saved place, as when the process dies while it writes.
    writeFileSync(place('out.arrow.encoding/embeddings.arrow'), 'half a batch', { flag: 'a' });
    const [calls, done]: [string[][], number[]] = [[], []];
    await encode(encoder(calls), words, done);
    assert.deepEqual([calls, done], [[['eeeee']], [5, 4]]);
    assert.ok(whole.equals(readFileSync(place('out.arrow'))));
    assert.ok(!existsSync(place('out.arrow.encoding')));
  });

  // Up to 16,384 texts that had been encoded were encoded again.
  it('goes on within the batch that was given up', async () => {
    await encode(encoder([]));
    const whole = readFileSync(place('out.arrow'));
    await assert.rejects(encode(encoder([], 'dddd')), /killed/);
    const [calls, done]: [string[][], number[]] = [[], []];
    await encode(encoder(calls), words, done);
    assert.deepEqual(calls, [['dddd'], ['eeeee']]);
    assert.deepEqual(done, [4, 3, 5, 3]);
    assert.ok(whole.equals(readFileSync(place('out.arrow'))));
    assert.ok(!existsSync(place('out.arrow.encoding')));
  });

  it('begins anew with another encoder, other texts, or where the file is cut short', async () => {
    const begun = () => assert.rejects(encode(encoder([], 'eeeee')), /killed/);
    for (const [identity, texts, cut] of [
      ['two', words, false],
      ['one', [...words, 'f'], false],
      ['one', words, true],
    ] as const) {
      await begun();
      if (cut) writeFileSync(place('out.arrow.encoding/embeddings.arrow'), 'cut');
      const calls: string[][] = [];
      await encode(encoder(calls, undefined, identity), [...texts]);
      assert.deepEqual(calls.flat(), texts);
    }
  });

  it('becomes the same file where others make blocks of it, also where one of these fails in the midst of one', async () => {
    await encode(encoder([]));
    const whole = readFileSync(place('out.arrow'));
    for (const failAt of [undefined, 'dddd']) {
      const [own, helped, done]: [string[][], string[][], number[]] = [[], [], []];
      const texts = await input();
      let helping: Promise<unknown> | undefined;
      const beside = {
        start: () => {
          helping = helpEncodeFile(texts, place('out.arrow'), 'passage', encoder(helped, failAt), 2).catch(
            (error: Error) => error.message,
          );
        },
        end: () => helping!.then(() => {}),
      };
      const slow: Encoder = {
        ...encoder(own),
        async encode(...given) {
          if (own.length === 0) await helping; // which finds the first block claimed
          return encoder(own).encode(...given);
        },
      };
      const told = (...counts: number[]) => void done.push(...counts);
      await encodeFile(texts, place('out.arrow'), 'passage', slow, told, { beside, rowsPerBatch: 2 });
      assert.equal(await helping, failAt && 'killed');
      const made = failAt ? [['a', 'bb'], ['dddd'], ['eeeee']] : [['a', 'bb']];
      assert.deepEqual(
        own.filter((texts) => texts.length > 0),
        made,
      );
      assert.deepEqual(helped, failAt ? [] : [['ccc', 'dddd'], ['eeeee']]);
      assert.deepEqual(done.slice(0, 2), [failAt ? 2 : 5, 0]);
      assert.ok(whole.equals(readFileSync(place('out.arrow'))));
      assert.deepEqual(readdirSync(place('.')).sort(), ['in.jsonl', 'out.arrow']);
    }
  });

  // By their length alone they passed for made: others skipped them, and this process said that all was done and did it alone.
  it('takes blocks that others made by another encoder for nothing', async () => {
    mkdirSync(place('out.arrow.encoding'));
    await helpEncodeFile(await input(), place('out.arrow'), 'passage', encoder([]), 2);
    const [calls, done]: [string[][], number[]] = [[], []];
    const alone = { start: () => {}, end: () => Promise.resolve() };
    const told = (...counts: number[]) => void done.push(...counts);
    const options = { beside: alone, rowsPerBatch: 2 };
    await encodeFile(await input(), place('out.arrow'), 'passage', encoder(calls, undefined, 'two'), told, options);
    assert.deepEqual(calls.flat(), words);
    assert.deepEqual(done.slice(0, 2), [2, 0]);
    assert.deepEqual(readdirSync(place('.')).sort(), ['in.jsonl', 'out.arrow']);
  });

  it('refuses an output that another process is writing, a folder, and texts that change meanwhile', async () => {
    mkdirSync(place('out.arrow.encoding'));
    assert.ok(claim(place('out.arrow.encoding/claim')));
    await assert.rejects(encode(encoder([])), {
      name: 'UserError',
      message: /^another process is writing .*out\.arrow/,
    });
    release(place('out.arrow.encoding/claim'));
    const scanned = await input();
    writeFileSync(place('in.jsonl'), '{"_id": 1, "text": "other"}\n');
    await assert.rejects(encodeFile(scanned, place('out.arrow'), 'query', encoder([])), {
      name: 'UserError',
      message: /in\.jsonl changed while it was encoded; run again$/,
    });
    mkdirSync(place('folder'));
    await assert.rejects(
      encodeFile(scanned, place('folder'), 'query', encoder([])),
      /folder: it is a folder; name a file$/,
    );
  });
});

describe('scanTexts', () => {
  const place = useTemporaryFolder();

  it('counts texts that say nothing', async () => {
    const texts = [{ text: ' ' }, { text: '', title: 'a title' }, { text: '\t', title: '\n' }, { text: 'a' }];
    writeFileSync(place('in.jsonl'), texts.map((text, id) => JSON.stringify({ id, ...text })).join('\n'));
    assert.equal((await scanTexts(place('in.jsonl'), place('out.arrow'))).blank, 2);
  });

  it('names the line that cannot be used', async () => {
    for (const [text, message] of [
      ['{"_id": 1, "text": "a"}\n{"text": "b"}\n', /in\.jsonl:2 must have an _id$/],
      // These were taken: an id that was rounded to that of another, a title that is none.
      ['{"_id": 1e16, "text": "a"}\n', /in\.jsonl:1: _id must be a text or a whole number that is exact; got 1000/],
      ['{"_id": 1, "title": 2, "text": "a"}\n', /in\.jsonl:1: title must be text; got 2$/],
      ['[1]\n', /in\.jsonl:1 must hold a JSON object$/],
      ['{\n', /in\.jsonl:1 is not JSON: /],
      ['\n', /in\.jsonl holds no texts$/],
    ] as const) {
      writeFileSync(place('in.jsonl'), text);
      await assert.rejects(scanTexts(place('in.jsonl'), place('out.arrow')), { name: 'UserError', message });
    }
  });

  describe('of lines with images', () => {
    const png = (background: string) =>
      sharp({ create: { width: 30, height: 30, channels: 3, background } })
        .png()
        .toFile(place(`${background}.png`));
    const scan = (...lines: object[]) => {
      writeFileSync(place('in.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      return scanTexts(place('in.jsonl'), place('out.arrow'));
    };
    const rowsOf = async (texts: ScannedTexts) => {
      const rows = [];
      for await (const block of texts.read(10, 0)) rows.push(...block);
      return rows;
    };

    it('finds files beside the lines, one or several, and needs no text there', async () => {
      await Promise.all([png('red'), png('blue')]);
      const texts = await scan(
        { id: 1, image: 'red.png' },
        { id: 2, text: 'both', image: ['red.png', place('blue.png')] },
        { id: 3, text: 'none', image: [] },
        { id: 4, text: 'none', image: null },
      );
      assert.equal(texts.hasImages, true);
      const found = (await rowsOf(texts)).map(({ images, ...text }) => ({
        ...text,
        ...(images && { images: images.map(({ name }) => name) }),
      }));
      assert.deepEqual(found, [
        { id: '1', text: '', images: [place('red.png')] },
        { id: '2', text: 'both', images: [place('red.png'), place('blue.png')] },
        { id: '3', text: 'none' },
        { id: '4', text: 'none' },
      ]);
      assert.equal((await scan({ id: 1, text: 'a' })).hasImages, false);
    });

    // The words of such a line were left out where it has an image, and read where it has none.
    it('reads the words of a query, under its own name, beside an image as without one', async () => {
      await png('red');
      const query = { 'query-id': 7, query: 'which owl' };
      const [plain, shown] = await rowsOf(await scan(query, { ...query, image: 'red.png' }));
      assert.deepEqual([plain!.text, shown!.text, shown!.images?.length], ['which owl', 'which owl', 1]);
    });

    it('knows images by their content, and notices one that changes', async () => {
      await Promise.all([png('red'), png('blue')]);
      const line = { id: 1, image: 'red.png' };
      const texts = await scan(line);
      assert.equal((await scan(line)).hash, texts.hash);
      copyFileSync(place('red.png'), place('other.png'));
      assert.equal((await scan({ id: 1, image: 'other.png' })).hash, texts.hash);
      assert.notEqual((await scan({ id: 1, image: 'blue.png' })).hash, texts.hash);
      await scan(line);
      copyFileSync(place('blue.png'), place('red.png'));
      await assert.rejects(rowsOf(texts), /in\.jsonl changed while it was encoded/);
    });

    it('refuses an output that is one of the images, through a link too', async () => {
      // It was replaced by the embeddings: the images are known from the lines alone.
      await Promise.all([png('red'), png('blue')]);
      const message = /^--output .*out\.arrow would replace the image .*red\.png, which is read; name another place$/;
      for (const link of [symlinkSync, linkSync]) {
        link(place('red.png'), place('out.arrow'));
        await assert.rejects(scan({ id: 1, image: ['blue.png', 'red.png'] }), { name: 'UserError', message });
        assert.equal((await scan({ id: 1, image: 'blue.png' })).rows, 1);
        rmSync(place('out.arrow'));
      }
    });

    it('names line and file of an image that cannot be used, before anything is encoded', async () => {
      writeFileSync(place('page.png'), 'text');
      await assert.rejects(scan({ id: 1, text: 'a' }, { id: 2, image: 'page.png' }), {
        name: 'UserError',
        message: `${place('in.jsonl')}:2: ${place('page.png')} is no image: images are PNG, JPEG, GIF, WebP, TIFF; leave it out`,
      });
      await assert.rejects(
        scan({ id: 1, image: 'none.png' }),
        /in\.jsonl:1: cannot read .*none\.png: it does not exist/,
      );
      await assert.rejects(
        scan({ id: 1, image: { bytes: 'x' } }),
        /in\.jsonl:1: image must be the name of a file, or a/,
      );
    });
  });
});
