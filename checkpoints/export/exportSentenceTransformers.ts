import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { readJsonObject, type BaseFolder } from '../base/baseFolder.js';
import { writeMergedWeights, type MergedExport } from './exportMerged.js';
import { mergedCard } from './mergedCard.js';
import { withSpecialTokens } from './specialTokens.js';
import { textModel } from '../base/textModel.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import { writeFolder } from '../../data/files/writeFolder.js';

/**
 * Write a merged model in the layout of the sentence-transformers library, versions 2 to 6: `encode_query` and
 * `encode_document` then give the trained embeddings, with prompts, special tokens, pooling and unit length set. Of a
 * vision-language base only the text half is written: that library hands such a model to an image processor.
 * Source: sentence-transformers `Transformer`, `Pooling`, `Normalize`.
 * @throws UserError when the adapter does not fit the base, the folder is not empty, or the disk is full
 */
export async function exportSentenceTransformers(output: string, merged: MergedExport): Promise<void> {
  const { adapter, contract } = merged;
  if (contract.chatBefore !== undefined || contract.querySuffix !== undefined || contract.passageSuffix !== undefined)
    throw new UserError(
      'sentence-transformers has no place for what the contract puts after a text, a suffix or a chat template; export --as merged or peft',
    );
  await writeFolder(output, async (folder) => {
    const base = textModel(merged.base);
    await writeMergedWeights(folder, { ...merged, base });
    const write = (name: string, value: unknown) =>
      writeBeside(join(folder, name), JSON.stringify(value, null, 2) + '\n');
    for (const [name, value] of Object.entries(layoutFiles(hiddenSize(base), contract))) await write(name, value);
    const tokenizer = await readJsonObject(join(base.folder, 'tokenizer.json'));
    await write('tokenizer.json', withSpecialTokens(tokenizer, contract.bosId, contract.eosId));
    const settings = await readJsonObject(join(base.folder, 'tokenizer_config.json'));
    await write('tokenizer_config.json', plainTokenizerConfig(settings, contract));
    await writeBeside(join(folder, 'README.md'), mergedCard(adapter, contract, loading(contract)));
  });
}

function layoutFiles(hidden: number, contract: Contract): Record<string, unknown> {
  const module = (idx: number, name: string) => ({
    idx,
    name: String(idx),
    path: idx === 0 ? '' : `${idx}_${name}`,
    type: `sentence_transformers.models.${name}`,
  });
  return {
    'modules.json': [module(0, 'Transformer'), module(1, 'Pooling'), module(2, 'Normalize')],
    'sentence_bert_config.json': { max_seq_length: contract.passageMaxLength, do_lower_case: false },
    'config_sentence_transformers.json': {
      prompts: { query: contract.queryPrefix, document: contract.passagePrefix },
      default_prompt_name: null,
      similarity_fn_name: 'cosine',
    },
    '1_Pooling/config.json': {
      word_embedding_dimension: hidden,
      pooling_mode_cls_token: false,
      pooling_mode_mean_tokens: false,
      pooling_mode_max_tokens: false,
      pooling_mode_mean_sqrt_len_tokens: false,
      pooling_mode_weightedmean_tokens: false,
      pooling_mode_lasttoken: true,
      include_prompt: true,
    },
    '2_Normalize/config.json': {},
  };
}

/**
 * Tokenizer classes of some models rebuild the special tokens from their own flags when they are loaded; the plain
 * class takes tokenizer.json as it is.
 */
function plainTokenizerConfig(settings: Record<string, unknown>, contract: Contract): Record<string, unknown> {
  const { add_bos_token: _bos, add_eos_token: _eos, processor_class: _processor, ...rest } = settings;
  return { ...rest, tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: contract.passageMaxLength };
}

function hiddenSize(base: BaseFolder): number {
  const size = base.config.hidden_size;
  if (typeof size === 'number') return size;
  throw new UserError(`${join(base.folder, 'config.json')} has no hidden_size`);
}

const loading = (contract: Contract) => `## Loading it

\`\`\`python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/of/this/folder")
queries = model.encode_query([text${contract.titleRule === 'as-is' ? '' : '.strip()'}])
passages = model.encode_document([${contract.titleRule === 'as-is' ? 'title + " " + text' : '(title.strip() + " " + text.strip()).rstrip()'}])
\`\`\`

Two rules of the training are not in these files, because the library has no place for them: texts are trimmed
and a passage's title is put before its text by the caller, as above (without a title the blank stays), and queries longer than ${contract.queryMaxLength} tokens are not cut there but at
${contract.passageMaxLength}, the passages' length (\`model.max_seq_length = ${contract.queryMaxLength}\` before encoding queries makes them equal).
`;
