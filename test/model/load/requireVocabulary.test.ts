import assert from 'node:assert/strict';
import type { ModelConfig } from '../../../model/modelConfig.js';
import { requireVocabulary } from '../../../model/load/requireVocabulary.js';

describe('requireVocabulary', () => {
  const model = { folder: 'some/base', config: { vocabularySize: 100 } as ModelConfig };

  it('takes a tokenizer whose ids all have an embedding; tables are often longer', () => {
    requireVocabulary({ vocabularySize: 90 }, model);
    requireVocabulary({ vocabularySize: 100 }, model);
  });

  // It once ended with a stack when the first text held such an id.
  it('refuses an id beyond the table', () => {
    assert.throws(() => requireVocabulary({ vocabularySize: 101 }, model), {
      name: 'UserError',
      message:
        "the tokenizer in some/base gives ids up to 100, but the model has embeddings up to 99 only; put the model's own tokenizer there",
    });
  });
});
