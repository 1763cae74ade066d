import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../configs/userError.js';
import { readJsonObject } from './baseFolder.js';
import { isFalse, unknownKeys, words, type Rules } from './keyRules.js';

/** What a checkpoint says of itself beside its shape. */
export interface Claims {
  /** What it says that nobody here knows, for people. */
  warnings: string[];
  /** Put before texts, where a sentence-transformers checkpoint says so. */
  prefixes: { query?: string; passage?: string };
}

/**
 * What a folder of sentence-transformers says of itself: last-token pooling and unit length are computed, texts may have
 * a prefix for queries and one for passages.
 * Source: sentence-transformers, `SentenceTransformer`, `Pooling`, `Router`.
 * @throws UserError for another pooling or module
 */
export async function moduleClaims(folder: string): Promise<Claims> {
  const file = join(folder, 'modules.json');
  const { prefixes, warnings } = await prompts(folder);
  if (!existsSync(file)) return { prefixes, warnings };
  warnings.push(...(await sentenceBert(folder)));
  for (const { kind, path, keys } of await readModules(file)) {
    warnings.push(...unknownKeys(file, keys, moduleKeys, {}));
    if (kind === 'Pooling') warnings.push(...(await pooling(folder, path)));
    else if (kind !== 'Transformer' && kind !== 'Normalize')
      throw new UserError(`${file} names a module ${kind}, which is not computed here; take a checkpoint without it`);
  }
  return { prefixes, warnings };
}

const moduleKeys = words('idx name path type');

interface Module {
  kind: string;
  path: string;
  keys: Record<string, unknown>;
}

async function readModules(file: string): Promise<Module[]> {
  let list: unknown;
  try {
    list = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (!Array.isArray(list)) throw new UserError(`${file} must hold a list of modules`);
  return list.map((module: Record<string, unknown> | null) => ({
    kind: String(module?.['type']).split('.').at(-1)!,
    path: typeof module?.['path'] === 'string' ? module['path'] : '',
    keys: module ?? {},
  }));
}

/** Settings of the Transformer module. Lengths are the contract's. */
async function sentenceBert(folder: string): Promise<string[]> {
  const file = join(folder, 'sentence_bert_config.json');
  if (!existsSync(file)) return [];
  return unknownKeys(file, await readJsonObject(file), transformerKeys, { do_lower_case: isFalse });
}

const transformerKeys = words(`
  max_seq_length transformer_task modality_config module_output_name method_output_name message_format unpad_inputs`);

async function pooling(folder: string, path: string): Promise<string[]> {
  const file = join(folder, path, 'config.json');
  if (/(^|[/\\])\.\.([/\\]|$)/.test(path) || !existsSync(file))
    return [`${file}, which modules.json names, is not here; the last token of a text is taken`];
  const config = await readJsonObject(file);
  const warnings = unknownKeys(file, config, poolingKeys, poolingRules);
  if (config.pooling_mode_lasttoken === false && config.pooling_mode == null)
    throw new UserError(`${file}: pooling_mode_lasttoken must be true; got false, and nothing else is computed here`);
  return warnings;
}

const poolingKeys = words('word_embedding_dimension embedding_dimension pooling_mode_lasttoken include_prompt');

const poolingRules: Rules = {
  pooling_mode: [(value) => value === 'lasttoken' || value === 'last', 'lasttoken'],
  pooling_mode_cls_token: isFalse,
  pooling_mode_mean_tokens: isFalse,
  pooling_mode_max_tokens: isFalse,
  pooling_mode_mean_sqrt_len_tokens: isFalse,
  pooling_mode_weightedmean_tokens: isFalse,
};

async function prompts(folder: string): Promise<Claims> {
  const file = join(folder, 'config_sentence_transformers.json');
  if (!existsSync(file)) return { prefixes: {}, warnings: [] };
  const config = await readJsonObject(file);
  const warnings = unknownKeys(file, config, promptKeys, {
    similarity_fn_name: [(value) => value === 'cosine', 'cosine'],
    truncate_dim: [() => false, 'absent'],
  });
  const named = (config.prompts ?? {}) as Record<string, string>;
  if (typeof named !== 'object' || Object.values(named).some((text) => typeof text !== 'string'))
    throw new UserError(`${file}: prompts must be texts by name; got ${JSON.stringify(config.prompts)}`);
  const ofPassage = named.document ?? named.passage ?? named.corpus;
  const prefixes: Claims['prefixes'] = {
    ...(named.query !== undefined && { query: named.query }),
    ...(ofPassage !== undefined && { passage: ofPassage }),
  };
  const usual = config.default_prompt_name;
  if (usual != null && typeof named[usual as string] === 'string' && Object.keys(prefixes).length === 0)
    throw new UserError(
      `${file}: default_prompt_name must be absent or beside prompts named query and document; got ${JSON.stringify(usual)}`,
    );
  const others = Object.keys(named).filter((name) => !promptNames.has(name) && named[name] !== '');
  if (others.length > 0 && Object.keys(prefixes).length === 0)
    warnings.push(
      `${file} has prompts, none of which is named query or document, so none is put before texts; ` +
        `--set contract.queryPrefix=... takes one over: ${others.join(', ')}`,
    );
  return { prefixes, warnings };
}

const promptNames = words('query document passage corpus');

const promptKeys = words('__version__ prompts default_prompt_name model_type');
