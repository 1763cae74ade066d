import assert from 'node:assert/strict';
import { withSpecialTokens } from '../../../checkpoints/export/specialTokens.js';
import { tokenizer } from '../exampleBase.js';

const special = (id: string, type_id = 0) => ({ SpecialToken: { id, type_id } });
const text = (id: 'A' | 'B', type_id = 0) => ({ Sequence: { id, type_id } });
const byteLevel = tokenizer.post_processor;

describe('withSpecialTokens', () => {
  it('adds a template after the post-processor that is there', () => {
    assert.deepEqual(withSpecialTokens(tokenizer, 6, 7).post_processor, {
      type: 'Sequence',
      processors: [
        byteLevel,
        {
          type: 'TemplateProcessing',
          single: [special('<begin>'), text('A'), special('<end>')],
          pair: [
            special('<begin>'),
            text('A'),
            special('<end>'),
            special('<begin>', 1),
            text('B', 1),
            special('<end>', 1),
          ],
          special_tokens: {
            '<begin>': { id: '<begin>', ids: [6], tokens: ['<begin>'] },
            '<end>': { id: '<end>', ids: [7], tokens: ['<end>'] },
          },
        },
      ],
    });
  });

  it('replaces the template of the tokenizer itself, inside a sequence too', () => {
    const own = { type: 'TemplateProcessing', single: [], pair: [], special_tokens: {} };
    const sequence = { ...tokenizer, post_processor: { type: 'Sequence', processors: [byteLevel, own] } };
    assert.deepEqual(withSpecialTokens(sequence, null, 7), withSpecialTokens(tokenizer, null, 7));
    assert.deepEqual(withSpecialTokens({ ...tokenizer, post_processor: own }, null, null).post_processor, null);
  });

  it('stands alone where the tokenizer has no post-processor', () => {
    const { post_processor } = withSpecialTokens({ ...tokenizer, post_processor: null }, null, 7);
    assert.equal((post_processor as { type: string }).type, 'TemplateProcessing');
  });

  it('takes a recipe without special tokens at its word', () => {
    assert.deepEqual(withSpecialTokens(tokenizer, null, null), tokenizer);
  });

  it('refuses an id that the tokenizer does not have', () => {
    assert.throws(() => withSpecialTokens(tokenizer, null, 99), /no token with id 99/);
  });
});
