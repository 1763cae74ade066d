import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAdapter, writeAdapter } from '../../checkpoints/adapter.js';
import { openBaseFolder } from '../../checkpoints/baseFolder.js';
import { exportMerged } from '../../checkpoints/exportMerged.js';
import { exportSentenceTransformers } from '../../checkpoints/exportSentenceTransformers.js';
import type { Contract } from '../../configs/contract.js';

// Writes every form of export for loadExports.py: npx tsx test/interop/writeExports.ts BASE ADAPTER EOS_ID BOS_ID OUTPUT
// BOS_ID is `none` for bases without one.
const [baseFolder, adapterFolder, eosId, bosId, output] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const base = await openBaseFolder(baseFolder);
const adapter = await readAdapter(adapterFolder);
const contract: Contract = {
  tokenizer: createHash('sha256')
    .update(await readFile(join(baseFolder, 'tokenizer.json')))
    .digest('hex'),
  queryPrefix: 'Query:',
  passagePrefix: 'Passage:',
  titleRule: 'title-blank-text',
  bosId: bosId === 'none' ? null : Number(bosId),
  eosId: Number(eosId),
  queryMaxLength: 20,
  passageMaxLength: 48,
  pooling: 'last',
  normalize: true,
  precision: 'float32',
  temperature: 0.05,
};
const keys = base.config.vision_config ? (['vision-language'] as const) : (['auto-model', 'causal-lm'] as const);
for (const form of keys) await writeAdapter(join(output, `peft-${form}`), adapter, { keys: form, contract });
for (const dtype of [undefined, 'F32' as const]) {
  const merged = { base, adapter, contract, shardBytes: 400_000, ...(dtype && { dtype }) };
  await exportMerged(join(output, `merged-${dtype ?? 'as-base'}`), merged);
  await exportSentenceTransformers(join(output, `sentence-transformers-${dtype ?? 'as-base'}`), merged);
}
