import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { withoutTower } from '../adapter/adapter.js';
import { readJsonObject, type BaseFolder } from '../base/baseFolder.js';
import { writeMergedWeights, type MergedExport } from './exportMerged.js';
import { imageTemplate } from './imageTemplate.js';
import { mergedCard } from './mergedCard.js';
import { withSpecialTokens } from './specialTokens.js';
import { textModel } from '../base/textModel.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import { writeFolder } from '../../data/files/writeFolder.js';

/**
 * Write a merged model in the layout of the sentence-transformers library, versions 2 to 6: `encode_query` and
 * `encode_document` then give the trained embeddings, with prompts, special tokens, pooling and unit length set. Of a
 * vision-language base that was trained on texts alone only the text half is written: the library hands such a model to
 * an image processor. Where the contract reads images, version 6 does so by the base's processor and a chat template.
 * Source: sentence-transformers `Transformer`, `InputFormatter`, `Pooling`, `Normalize`.
 * @throws UserError when the library has no place for a rule of the contract, the adapter does not fit the base, the
 *   folder is not empty, or the disk is full
 */
export async function exportSentenceTransformers(output: string, merged: MergedExport): Promise<void> {
  const { adapter, contract } = merged;
  requirePlace(contract);
  await writeFolder(output, async (folder) => {
    const base = contract.image ? merged.base : textModel(merged.base);
    await writeMergedWeights(folder, {
      ...merged,
      base,
      adapter: base === merged.base ? adapter : withoutTower(adapter),
    });
    const write = (name: string, value: unknown) =>
      writeBeside(join(folder, name), JSON.stringify(value, null, 2) + '\n');
    for (const [name, value] of Object.entries(layoutFiles(hiddenSize(base), contract))) await write(name, value);
    const tokenizer = await readJsonObject(join(base.folder, 'tokenizer.json'));
    await write('tokenizer.json', withSpecialTokens(tokenizer, contract.bosId, contract.eosId));
    const settings = await readJsonObject(join(base.folder, 'tokenizer_config.json'));
    await write('tokenizer_config.json', plainTokenizerConfig(settings, contract));
    if (contract.image) {
      await rm(join(folder, 'chat_template.json'), { force: true });
      await writeBeside(join(folder, 'chat_template.jinja'), imageTemplate(contract));
    }
    await writeBeside(join(folder, 'README.md'), mergedCard(adapter, contract, loading(contract)));
  });
}

function requirePlace({ image, chatBefore, querySuffix, passageSuffix }: Contract): void {
  if (!image && (chatBefore ?? querySuffix ?? passageSuffix) !== undefined)
    throw new UserError(
      'sentence-transformers has no place for what the contract puts after a text, a suffix or a chat template; export --as merged or peft',
    );
  if (image?.positions === 'flat')
    throw new UserError(
      'sentence-transformers has no place for the flat positions of images that the contract has (image.positions); export --as merged or peft',
    );
  if (image?.alpha === 'white')
    throw new UserError(
      'sentence-transformers lays transparent images over white or not by the version of transformers, never by the contract, whose image.alpha is white; export --as merged or peft',
    );
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
    'sentence_bert_config.json': contract.image
      ? readsMessages
      : { max_seq_length: contract.passageMaxLength, do_lower_case: false },
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

/** Everything goes through the chat template. A text that is cut there would lose tokens of its images. */
const readsMessages = {
  transformer_task: 'feature-extraction',
  modality_config: Object.fromEntries(
    ['text', 'image', 'image+text', 'message'].map((modality) => [
      modality,
      {
        method: 'forward',
        method_output_name: 'last_hidden_state',
        ...(modality === 'message' && { format: 'structured' }),
      },
    ]),
  ),
  module_output_name: 'token_embeddings',
  processing_kwargs: { text: { truncation: false } },
};

/**
 * Tokenizer classes of some models rebuild the special tokens from their own flags when they are loaded; the plain
 * class takes tokenizer.json as it is.
 */
function plainTokenizerConfig(settings: Record<string, unknown>, contract: Contract): Record<string, unknown> {
  const { add_bos_token: _bos, add_eos_token: _eos, processor_class: _processor, ...rest } = settings;
  const plain = { ...rest, tokenizer_class: 'PreTrainedTokenizerFast' };
  if (!contract.image) return { ...plain, model_max_length: contract.passageMaxLength };
  const { chat_template: _template, ...untold } = plain as Record<string, unknown>;
  return untold;
}

function hiddenSize({ folder, config }: BaseFolder): number {
  const size = config.hidden_size ?? (config.text_config as { hidden_size?: unknown } | undefined)?.hidden_size;
  if (typeof size === 'number') return size;
  throw new UserError(`${join(folder, 'config.json')} has no hidden_size; download it again`);
}

const loading = (contract: Contract) => `## Loading it

\`\`\`python
${contract.image ? 'from PIL import Image, ImageOps\n' : ''}from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/of/this/folder")
queries = model.encode_query([text${stripped(contract)}])
passages = model.encode_document([${titled(contract)}])
${contract.image ? pages : ''}\`\`\`
${contract.image ? whichTurn : ''}
Two rules of the training are not in these files, because the library has no place for them: texts are trimmed
and a passage's title is put before its text by the caller, as above (without a title the blank stays), and ${whereCut(contract)}
`;

const pages = `pages = model.encode_document([{"text": "", "image": ImageOps.exif_transpose(Image.open("page.png")).convert("RGB")}])
`;
const whichTurn = `
Images were turned as EXIF says in training; the library takes an image as it lies in its file, so \`exif_transpose\` turns it before.
Transparency was left out, as \`convert("RGB")\` does; transformers from 5.21 on would lay it over white.
`;

const stripped = ({ titleRule }: Contract) => (titleRule === 'as-is' ? '' : '.strip()');
const titled = ({ titleRule }: Contract) =>
  titleRule === 'as-is' ? 'title + " " + text' : '(title.strip() + " " + text.strip()).rstrip()';

const whereCut = ({ image, queryMaxLength, passageMaxLength }: Contract) =>
  image
    ? `nothing is cut there, since tokens of
images would be cut too: longer texts than the table says are to be shortened before. Version 6 of the library and
torchvision are needed.`
    : `queries longer than ${queryMaxLength} tokens are not cut there but at
${passageMaxLength}, the passages' length (\`model.max_seq_length = ${queryMaxLength}\` before encoding queries makes them equal).`;
