import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter, writeAdapter } from '../../checkpoints/adapter/adapter.js';
import { openBaseFolder } from '../../checkpoints/base/baseFolder.js';
import { exportMerged } from '../../checkpoints/export/exportMerged.js';
import { exportSentenceTransformers } from '../../checkpoints/export/exportSentenceTransformers.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { makeContract } from '../../data/tokenizer/makeContract.js';
import { loadTokenizer } from '../../data/tokenizer/tokenizer.js';
import { tokenizeText } from '../../data/tokenizer/tokenizeText.js';
import { encodeChunk } from '../../model/pass/encodeChunk.js';
import { loadModel } from '../../model/load/loadModel.js';
import { disposeModel } from '../../model/layer/decoder.js';
import { attachAdapter } from '../../model/layer/lora.js';

/** One base with an adapter, to be exported and loaded elsewhere. */
export interface InteropCase {
  name: string;
  base: string;
  adapter: string;
  /** Whose contract; lengths and precision are those below. */
  recipe: string;
  /** Without: a contract that adds neither BOS nor EOS. */
  addsTokens: boolean;
}

const queries = ['what is the capital of france', 'how tall is a giraffe', ' def add(a, b): ', 'long '.repeat(60)];
const passages = [
  { title: 'Paris', text: 'Paris is the capital and largest city of France.' },
  { title: '', text: 'A giraffe\tstands 5 m tall.' },
  { title: ' Circle\n', text: 'x^2 + y^2 = r^2' },
  { title: '', text: 'word '.repeat(90) },
];

/**
 * Write every form of export of a case, and beside them reference.json: texts, token ids and the embeddings that this
 * project gives them, for loadExports.py. The engine must be started.
 * @param output  a folder of the case's own
 */
export async function writeExports(one: InteropCase, output: string) {
  const { base: folder, adapter: adapterFolder, recipe, addsTokens } = one;
  const [base, adapter, tokenizer] = await Promise.all([
    openBaseFolder(folder),
    readAdapter(adapterFolder),
    loadTokenizer(folder),
  ]);
  const { config } = loadConfig(recipe);
  Object.assign(config.contract, { queryMaxLength: 20, passageMaxLength: 48, precision: 'float32' });
  if (!addsTokens) config.contract.appendEos = false;
  const made = makeContract(config, tokenizer, 'float32');
  const contract = addsTokens ? made : { ...made, bosId: null };
  const exported = join(output, 'exports');
  const keys = base.config.vision_config ? (['vision-language'] as const) : (['auto-model', 'causal-lm'] as const);
  for (const form of keys) await writeAdapter(join(exported, `peft-${form}`), adapter, { keys: form, contract });
  for (const dtype of [undefined, 'F32' as const]) {
    const merged = { base, adapter, contract, shardBytes: 400_000, ...(dtype && { dtype }) };
    await exportMerged(join(exported, `merged-${dtype ?? 'as-base'}`), merged);
    if (contract.chatBefore === undefined)
      await exportSentenceTransformers(join(exported, `sentence-transformers-${dtype ?? 'as-base'}`), merged);
  }

  const model = await loadModel(folder, 'float32');
  attachAdapter(model, adapter);
  const ids = [
    ...queries.map((text) => tokenizeText(tokenizer, contract, 'query', text)),
    ...passages.map(({ title, text }) => tokenizeText(tokenizer, contract, 'passage', text, title)),
  ];
  const embeddings = encodeChunk(model, ids);
  mkdirSync(output, { recursive: true });
  writeFileSync(
    join(output, 'reference.json'),
    JSON.stringify({
      base: folder,
      contract,
      queries,
      passages,
      tokens: ids.map((one) => [...one]),
      embeddings: await embeddings.array(),
    }),
  );
  embeddings.dispose();
  disposeModel(model);
}
