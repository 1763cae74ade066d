import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { importExamples } from '../../../../data/import/importExamples.js';
import { showsImages } from '../../../../data/import/images/showsImages.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('showsImages', () => {
  const at = useTemporaryFolder();
  const shows = (line: string) => {
    writeFileSync(at('rows.jsonl'), `${line}\n`);
    return showsImages(at('rows.jsonl'));
  };

  // A blank after the colon, as Python writes it, made an image of every empty field.
  it('takes no empty field for an image, however the JSON is spaced', async () => {
    for (const blank of ['', ' ', '  '])
      for (const [value, is] of [
        ['null', false],
        ['""', false],
        ['[]', false],
        ['[ [ ] ]', false],
        ['{ }', false],
        ['"a.png"', true],
        ['["a.png"]', true],
      ] as const)
        assert.equal(await shows(`{"query":"q","image":${blank}${value}}`), is, `${blank}${value}`);
  });

  it('is not asked of columns of texts, which may tell of images', async () => {
    writeFileSync(at('rows.tsv'), 'which owl\t{"image": "owl.png"} is JSON\tno owl\n');
    const summary = await importExamples([at('rows.tsv')], at('out.arrow'));
    assert.deepEqual([summary!.rows, summary!.images], [1, undefined]);
  });
});
