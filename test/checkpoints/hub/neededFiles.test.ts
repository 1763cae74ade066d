import assert from 'node:assert/strict';
import { neededFiles } from '../../../checkpoints/hub/neededFiles.js';
import { UserError } from '../../../configs/userError.js';

describe('neededFiles', () => {
  it('takes configuration, tokenizer, licence and shards, and nothing else', () => {
    const wanted = [
      ...['LICENSE', 'config.json', 'generation_config.json', 'merges.txt', 'preprocessor_config.json'],
      ...['tokenizer.json', 'tokenizer_config.json', 'vocab.json', 'chat_template.jinja'],
      ...['model.safetensors.index.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'],
    ];
    const others = [
      ...['.gitattributes', 'README.md', 'pytorch_model.bin', 'model-q4.gguf', 'figures/benchmark.jpg'],
      ...['original/consolidated.00.pth', 'onnx/model.onnx', 'flax_model.msgpack', 'configuration.json'],
      ...['adapter_model.safetensors', 'sub/model.safetensors', 'model.safetensors.bak', 'modelling.py'],
    ];
    assert.deepEqual(neededFiles([...others, ...wanted], 'model', 'm').sort(), [...wanted].sort());
  });

  // Without it a checkpoint with mean pooling was told of in a warning, and computed by its last tokens all the same.
  it('takes what sentence-transformers says of its modules, not their weights', () => {
    const wanted = ['modules.json', '1_Pooling/config.json', '2_Dense/config.json', 'model.safetensors'];
    const others = [
      '2_Dense/model.safetensors',
      '2_Dense/pytorch_model.bin',
      'onnx/config.json',
      '1_Pooling/a/config.json',
    ];
    assert.deepEqual(neededFiles([...others, ...wanted], 'model', 'm').sort(), [...wanted].sort());
  });

  it('takes one whole file instead of the shards beside it', () => {
    const names = [
      'model.safetensors',
      'model-00001-of-00001.safetensors',
      'model.safetensors.index.json',
      'config.json',
    ];
    assert.deepEqual(neededFiles(names, 'model', 'm'), ['config.json', 'model.safetensors']);
  });

  it('takes no weights for a tokenizer', () => {
    const names = ['LICENSE', 'tokenizer.json', 'config.json', 'model.safetensors', 'vocab.json'];
    assert.deepEqual(neededFiles(names, 'tokenizer', 'm'), ['tokenizer.json', 'config.json', 'vocab.json']);
  });

  it('refuses a model without safetensors', () => {
    const refusal = (names: string[], what: string) =>
      assert.throws(
        () => neededFiles(names, 'model', 'm'),
        (error) => error instanceof UserError && error.message.startsWith(`m holds ${what}; `),
      );
    refusal(['config.json', 'pytorch_model-00001-of-00002.bin'], 'weights for PyTorch only');
    refusal(['config.json', 'model.gguf'], 'no weights');
  });
});
