import { UserError } from '../../configs/userError.js';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.js';
import type { Model } from '../layer/decoder.js';

/** Check that every id of a tokenizer has a row in the embedding table. @throws UserError when some have none */
export function requireVocabulary(
  { vocabularySize }: Pick<Tokenizer, 'vocabularySize'>,
  { folder, config }: Pick<Model, 'folder' | 'config'>,
): void {
  if (vocabularySize <= config.vocabularySize) return;
  throw new UserError(
    `the tokenizer in ${folder} gives ids up to ${vocabularySize - 1}, but the model has embeddings up to ${config.vocabularySize - 1} only; put the model's own tokenizer there`,
  );
}
