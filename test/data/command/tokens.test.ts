import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { writeTinyTokenizer } from '../../fixtures/writeTinyTokenizer.js';
import { runCommand } from '../../runCommand.js';

/** A base that reads images: tokens 1, 2 and 3 stand before, in the place of and behind one. */
const config = {
  model_type: 'qwen2_5_vl',
  vocab_size: 261,
  hidden_size: 8,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  rope_theta: 1e6,
  rms_norm_eps: 1e-6,
  hidden_act: 'silu',
  rope_scaling: { type: 'mrope', mrope_section: [1, 1, 2] },
  vision_start_token_id: 1,
  image_token_id: 2,
  vision_end_token_id: 3,
  vision_config: {
    depth: 1,
    hidden_size: 8,
    intermediate_size: 8,
    num_heads: 1,
    patch_size: 14,
    spatial_merge_size: 2,
    window_size: 112,
    fullatt_block_indexes: [0],
  },
};

describe('npm run data -- tokens --image', function () {
  this.timeout(240_000);
  const at = useTemporaryFolder();
  const tokens = (...args: string[]) => runCommand('data/command.ts', ['tokens', ...args], at());
  beforeEach(() => {
    writeTinyTokenizer(at('base'));
    writeFileSync(at('base/config.json'), JSON.stringify(config));
  });

  it('shows what an image becomes, where its tokens stand and how they are counted', async () => {
    // 60 x 90 pixels are rounded to 56 x 84: two tokens down and three across.
    await sharp({ create: { width: 90, height: 60, channels: 3, background: 'red' } })
      .png()
      .toFile(at('page.png'));
    const { code, output, errors } = await tokens('--base', 'base', '--image', 'page.png', 'a');
    assert.equal(code, 0, errors);
    assert.deepEqual(output.trim().split('\n').slice(-6), [
      '    6   97  text    6 6 6         "a"',
      '    7    1  image   7 7 7         "<|vision_start|>"',
      '8..13    2  image   8 8..9 8..10  "<|image_pad|> 2 x 3: page.png, 56 x 84 pixels"',
      '   14    3  image   11 11 11      "<|vision_end|>"',
      '   15  258  EOS     12 12 12      "<|endoftext|>"',
      'query: 16 tokens',
    ]);
  });

  it('tells programs every id and position, under settings that are changed', async () => {
    await sharp({ create: { width: 90, height: 60, channels: 3, background: 'red' } })
      .png()
      .toFile(at('page.png'));
    const args = ['--json', '--base', 'base', '--as', 'passage', '--image', 'page.png', '--image', 'page.png'];
    const { output } = await tokens(...args, '--set', 'image.order=image-first', '--set', 'image.maxPixels=3136');
    const { contract, texts } = JSON.parse(output) as {
      contract: { image: { maxPixels: number; order: string } };
      texts: { ids: number[]; positions: number[][]; images: object[] }[];
    };
    assert.deepEqual([contract.image.maxPixels, contract.image.order], [3136, 'image-first']);
    // The root of 5400 / 3136 is 1.31: one block down and two across.
    const one = { file: 'page.png', height: 60, width: 90, resizedHeight: 28, resizedWidth: 56, rows: 1, columns: 2 };
    assert.deepEqual(texts[0]!.images, [one, one]);
    assert.deepEqual(texts[0]!.ids.slice(0, 9), [1, 2, 2, 3, 1, 2, 2, 3, 'P'.charCodeAt(0)]);
    assert.deepEqual(texts[0]!.positions[2]!.slice(0, 9), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(texts[0]!.positions[1]!.slice(0, 9), [0, 1, 1, 3, 4, 5, 5, 7, 8]);
  });

  it('refuses in one line what cannot be shown', async () => {
    writeFileSync(at('page.png'), '%PDF-1.4');
    const refusal = async (...args: string[]) => {
      const { code, output, errors } = await tokens('--base', 'base', ...args);
      assert.deepEqual([code, output], [2, '']);
      return errors.trim().split('\n').at(-1)!;
    };
    assert.equal(
      await refusal('--image', 'page.png'),
      'error: page.png is a PDF, which is not read; render its pages as PNG first',
    );
    assert.match(await refusal('a', '--set', 'image.maxPixels=3136'), /--set image\.maxPixels has no effect on tokens/);
    const { vision_config: _, ...text } = config;
    writeFileSync(at('base/config.json'), JSON.stringify(text));
    assert.match(
      await refusal('--image', 'page.png'),
      /the base in .* reads texts alone; images need one with a vision/,
    );
  });
});
