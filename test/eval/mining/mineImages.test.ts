import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mineCommand } from '../../../data/command/mine.js';
import { importExamples } from '../../../data/import/importExamples.js';
import { mineArrow } from '../../../eval/mining/mineNegatives.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { swatch } from '../../fixtures/swatch.js';

describe('mining in pages with words', () => {
  const place = useTemporaryFolder();
  const options = { negatives: 1, fromRank: 1, toRank: 5, seed: 1 };

  beforeEach(async () => {
    const page = await swatch(10);
    writeFileSync(place('a.png'), page.bytes);
    const row = { query: 'apple', positive: { image: 'a.png', text: 'apple' }, negative: ['apple pie'] };
    writeFileSync(place('rows.jsonl'), `${JSON.stringify(row)}\n`);
    await importExamples([place('rows.jsonl')], place('in.arrow'));
  });
  const here = () => readdirSync(place('')).sort();

  it('gives the images with the rows', async () => {
    await mineArrow(place('in.arrow'), place('out.arrow'), options);
    assert.deepEqual(here(), ['a.png', 'in.arrow', 'in.images.arrow', 'out.arrow', 'out.images.arrow', 'rows.jsonl']);
    assert.deepEqual(readFileSync(place('out.images.arrow')), readFileSync(place('in.images.arrow')));
  });

  // They were replaced before the rows were safe: the older rows then stood beside images that they do not name.
  it('leaves older images alone where its rows cannot get their name', async () => {
    writeFileSync(place('out.images.arrow'), 'older');
    const before = here();
    const onProgress = (done: number, all: number) => void (done === all && mkdirSync(place('out.arrow')));
    await assert.rejects(
      mineArrow(place('in.arrow'), place('out.arrow'), options, onProgress),
      /cannot write .*out\.arrow/,
    );
    assert.equal(readFileSync(place('out.images.arrow'), 'utf8'), 'older');
    assert.deepEqual(here(), [...before, 'out.arrow'].sort());
  });

  // The images of the input were replaced by rows, and with them lost.
  it('does not write over the images of its input, nor read what its own images would replace', async () => {
    const mine = (file: string, output: string) => {
      const asked = { file: place(file), output: place(output), model: 'bm25', ...options, json: true };
      return mineCommand.handler(asked as Parameters<typeof mineCommand.handler>[0]);
    };
    await assert.rejects(async () => mine('in.arrow', 'in.images.arrow'), {
      name: 'UserError',
      message: `--output ${place('in.images.arrow')} would replace the input ${place('in.images.arrow')}, which is read; name another place`,
    });
    renameSync(place('in.arrow'), place('out.images.arrow'));
    await assert.rejects(
      async () => mine('out.images.arrow', 'out.arrow'),
      /--output .*out\.images\.arrow would replace the input .*out\.images\.arrow, which is read/,
    );
  });
});
