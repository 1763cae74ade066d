import { UserError } from '../../configs/userError.js';

/** What of a checkpoint is wanted: all that a model is loaded from, or what texts are tokenized with. */
export type Wanted = 'model' | 'tokenizer';

/**
 * The files of a checkpoint that are worth downloading, small ones first: never weights in another format, nor what lies
 * in folders below, but for what sentence-transformers says there of its modules.
 * @param names  all files, of a listing or a folder
 * @throws UserError when it holds no weights in safetensors
 */
export function neededFiles(names: readonly string[], wanted: Wanted, what: string): string[] {
  const small = names.filter((name) => (wanted === 'model' ? smallFile : tokenizerFile).test(name));
  if (wanted === 'tokenizer') return small;
  const whole = names.includes(wholeWeights) ? [wholeWeights] : names.filter((name) => shard.test(name));
  if (whole.length === 0) {
    const others = names.some((name) => /\.(bin|pth|pt)$/.test(name)) ? 'weights for PyTorch only' : 'no weights';
    throw new UserError(`${what} holds ${others}; name one that holds model.safetensors, or convert it`);
  }
  return [...small, ...(names.includes(wholeWeights) ? [] : names.filter((name) => name === indexName)), ...whole];
}

const wholeWeights = 'model.safetensors';
const indexName = 'model.safetensors.index.json';
const shard = /^model-\d+-of-\d+\.safetensors$/;
const tokenizerFile =
  /^(config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template|(pre)?processor_config)\.json$|^merges\.txt$|^chat_template\.jinja$/;
const smallFile = new RegExp(
  `${tokenizerFile.source}|^(generation_config|video_preprocessor_config|modules|config_sentence_transformers)\\.json$|^\\d+_[A-Za-z]+/config\\.json$|^(LICEN[CS]E|NOTICE)(\\.\\w+)?$`,
);
