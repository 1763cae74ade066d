import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openBaseFolder, type BaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { exportMerged } from '../../../checkpoints/export/exportMerged.js';
import { exportSentenceTransformers } from '../../../checkpoints/export/exportSentenceTransformers.js';
import { imageTemplate } from '../../../checkpoints/export/imageTemplate.js';
import type { Contract, ImageContract } from '../../../configs/contract.js';
import { renderChat } from '../../../data/tokenizer/library.js';
import { writeExampleBase } from '../exampleBase.js';
import { adapter, contract as texts } from '../examples.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const image: ImageContract = {
  ...{ minPixels: 3136, maxPixels: 602112, order: 'text-first', positions: 'mrope', alpha: 'drop' },
  ...{ resampling: 'bicubic uint8, horizontal first', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], tower: 'frozen' },
};
const contract: Contract = { ...texts, image };

describe('exports of a model that reads images', () => {
  const place = useTemporaryFolder();
  const json = (name: string) => JSON.parse(readFileSync(place(name), 'utf8')) as Record<string, unknown>;
  let base: BaseFolder;

  /** With names as versions 4.52 to 4.57 of transformers save them. */
  beforeEach(async () => {
    const written = await writeExampleBase(place('base'));
    const config = { ...written.config, vision_config: { patch_size: 14, spatial_merge_size: 2 } };
    const tensors = new Map(
      [...written.tensors].map(([name, entry]) => [
        name === 'positions' ? 'model.visual.merger.ln_q.weight' : name.replace('model.', 'model.language_model.'),
        entry,
      ]),
    );
    base = { ...written, config, tensors };
  });

  // AutoModel of transformers 5.18 leaves the tower at random under the names that the base has.
  it('have the tower, and every tensor under the name of a release', async () => {
    await exportMerged(place('merged'), { base, adapter, contract });
    await exportSentenceTransformers(place('st'), { base, adapter, contract });
    for (const folder of ['merged', 'st'])
      assert.deepEqual(
        [...(await openBaseFolder(place(folder))).tensors.keys()],
        ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.weight', 'visual.merger.ln_q.weight'],
      );
  });

  // A release says 12,845,056 pixels: a page would get twenty times the tokens that it had in training.
  it('prepare images within the pixels of the contract, whichever files the base has', async () => {
    const limits = { min_pixels: 3136, max_pixels: 602112 };
    await exportMerged(place('none'), { base, adapter, contract });
    const { image_mean, merge_size, ...none } = json('none/preprocessor_config.json');
    assert.deepEqual([image_mean, merge_size], [[0.5, 0.5, 0.5], 2]);
    assert.deepEqual({ ...none, ...limits }, none);

    const whole = {
      image_processor: { resample: 3, size: { shortest_edge: 1, longest_edge: 2 } },
      processor_class: 'Qwen2_5_VLProcessor',
    };
    writeFileSync(place('base/processor_config.json'), JSON.stringify(whole));
    await exportMerged(place('whole'), { base, adapter, contract });
    assert.deepEqual(json('whole/processor_config.json'), {
      image_processor: { ...limits, resample: 3, size: { shortest_edge: 3136, longest_edge: 602112 } },
      processor_class: 'Qwen2_5_VLProcessor',
    });
    assert.ok(!existsSync(place('whole/preprocessor_config.json')));

    writeFileSync(place('base/preprocessor_config.json'), JSON.stringify({ max_pixels: 12845056, patch_size: 14 }));
    await exportMerged(place('both'), { base, adapter, contract });
    assert.deepEqual(json('both/preprocessor_config.json'), { ...limits, patch_size: 14 });
    await exportMerged(place('texts'), { base, adapter, contract: texts });
    assert.deepEqual(json('texts/preprocessor_config.json'), { max_pixels: 12845056, patch_size: 14 });
    assert.deepEqual(json('texts/processor_config.json'), whole);
  });

  it('give sentence-transformers documents through a chat template, and cut nothing there', async () => {
    writeFileSync(place('base/chat_template.json'), JSON.stringify({ chat_template: 'of the base' }));
    await exportSentenceTransformers(place('st'), { base, adapter, contract });
    assert.equal(readFileSync(place('st/chat_template.jinja'), 'utf8'), imageTemplate(contract));
    assert.ok(!existsSync(place('st/chat_template.json')));
    const { processing_kwargs, modality_config } = json('st/sentence_bert_config.json');
    assert.deepEqual(processing_kwargs, { text: { truncation: false } });
    assert.deepEqual(Object.keys(modality_config as object), ['text', 'image', 'image+text', 'message']);
    assert.equal(json('st/tokenizer_config.json').model_max_length, undefined);
    assert.match(readFileSync(place('st/README.md'), 'utf8'), /at least 3136\nand at most 602112 pixels/);
  });

  it('are refused to sentence-transformers where it would count positions in another way', async () => {
    await assert.rejects(
      exportSentenceTransformers(place('st'), {
        base,
        adapter,
        contract: { ...contract, image: { ...image, positions: 'flat' } },
      }),
      /no place for the flat positions of images that the contract has \(image\.positions\); export --as merged or peft/,
    );
    assert.ok(!existsSync(place('st')));
  });

  // The library drops what is transparent, and takes images as they lie in their files: both gave other embeddings, in silence.
  it('are refused to sentence-transformers where transparent images are laid over white, and say how to turn images', async () => {
    await assert.rejects(
      exportSentenceTransformers(place('white'), {
        base,
        adapter,
        contract: { ...contract, image: { ...image, alpha: 'white' } },
      }),
      /by the version of transformers, never by the contract, whose image\.alpha is white; export --as merged or peft/,
    );
    assert.ok(!existsSync(place('white')));
    const card = async (of: Contract) => {
      await exportSentenceTransformers(place(of.image ? 'st' : 'texts'), { base, adapter, contract: of });
      return readFileSync(place(`${of.image ? 'st' : 'texts'}/README.md`), 'utf8');
    };
    assert.match(
      await card(contract),
      /PIL import Image, ImageOps\n[^]*"image": ImageOps\.exif_transpose\(Image\.open\("page\.png"\)\)\.convert\("RGB"\)/,
    );
    assert.doesNotMatch(await card(texts), /ImageOps|EXIF/);
  });

  it('put a document together as the contract does', () => {
    const parts = [
      { role: 'system', content: [{ type: 'text', text: 'Query:' }] },
      { role: 'user', content: [{ type: 'image' }, { type: 'text', text: 'what' }, { type: 'image' }] },
    ];
    const render = (more: Partial<Contract>, messages: object[] = parts) =>
      renderChat(
        { decoder: { type: 'ByteLevel' }, pre_tokenizer: null, normalizer: null, post_processor: null },
        {},
        imageTemplate({ ...contract, ...more }),
        messages as never,
      );
    const picture = '<|vision_start|><|image_pad|><|vision_end|>';
    assert.equal(render({}), `Query:what${picture}${picture}`);
    assert.equal(render({ image: { ...image, order: 'image-first' } }), `${picture}${picture}Query:what`);
    const chat = { chatBefore: '<u>\n"', chatAfter: '</u>\n', answerStart: 'It is' };
    assert.equal(render(chat), `<u>\n"Query:what${picture}${picture}</u>\nIt is`);
    // By a turn like this one the contract of the export is read again.
    const turn = [
      { role: 'user', content: 'a text' },
      { role: 'assistant', content: 'It is' },
    ];
    assert.equal(render({ ...chat, querySuffix: '?' }, turn), '<u>\n"a text</u>\nIt is');
  });
});
