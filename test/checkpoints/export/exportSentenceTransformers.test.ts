import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { openBaseFolder } from '../../../checkpoints/base/baseFolder.js';
import { exportSentenceTransformers } from '../../../checkpoints/export/exportSentenceTransformers.js';
import { readTensorBytes, toFloat32 } from '../../../checkpoints/tensors/safetensors.js';
import { tokenizer, writeExampleBase } from '../exampleBase.js';
import { adapter, contract } from '../examples.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('exportSentenceTransformers', () => {
  const place = useTemporaryFolder();
  const json = async (name: string) =>
    JSON.parse(await readFile(place(`out/${name}`), 'utf8')) as Record<string, unknown>;

  beforeEach(async () => {
    const base = await writeExampleBase(place('base'));
    const blanks = { ...contract, queryPrefix: 'Query: ' };
    await exportSentenceTransformers(place('out'), { base, adapter, contract: blanks });
  });

  it('names its three modules in the order in which a text passes them', async () => {
    assert.deepEqual(await json('modules.json'), [
      { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
      { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      { idx: 2, name: '2', path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
    ]);
  });

  it('pools the last token only', async () => {
    const config = await json('1_Pooling/config.json');
    const on = Object.entries(config).filter(([, value]) => value === true);
    assert.deepEqual(
      on.map(([name]) => name),
      ['pooling_mode_lasttoken', 'include_prompt'],
    );
    assert.equal(config.word_embedding_dimension, 2);
  });

  it('keeps prefixes byte for byte, and the longest length', async () => {
    assert.deepEqual((await json('config_sentence_transformers.json')).prompts, {
      query: 'Query: ',
      document: 'Passage:',
    });
    assert.equal((await json('sentence_bert_config.json')).max_seq_length, 156);
  });

  it('lets tokenizer.json append the end, in a class that takes that file as it is', async () => {
    const { post_processor: processor } = await json('tokenizer.json');
    const { processors } = processor as { processors: { type: string; single: unknown }[] };
    assert.deepEqual(processors[0], tokenizer.post_processor);
    assert.deepEqual(processors[1]!.single, [
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '<end>', type_id: 0 } },
    ]);
    assert.deepEqual(await json('tokenizer_config.json'), {
      tokenizer_class: 'PreTrainedTokenizerFast',
      eos_token: '<end>',
      model_max_length: 156,
    });
  });

  it('tells how to put a title before a passage as training did: only the end is trimmed', async () => {
    const card = await readFile(place('out/README.md'), 'utf8');
    assert.ok(card.includes('model.encode_document([(title.strip() + " " + text.strip()).rstrip()])'), card);
  });

  it('refuses a contract that puts something after the text', async () => {
    const base = await openBaseFolder(place('base'));
    for (const more of [{ querySuffix: '?' }, { chatBefore: '<user>', chatAfter: '</user>' }])
      await assert.rejects(
        exportSentenceTransformers(place('chat'), { base, adapter, contract: { ...contract, ...more } }),
        /sentence-transformers has no place for what the contract puts after a text.*--as merged or peft/,
      );
    assert.equal(existsSync(place('chat')), false);
  });

  it('holds the merged weights', async () => {
    const entry = (await openBaseFolder(place('out'))).tensors.get('model.layers.0.self_attn.q_proj.weight')!;
    assert.deepEqual([...toFloat32(await readTensorBytes(entry), 'BF16')], [2, -1, 3, -3, 1, 1]);
  });
});
