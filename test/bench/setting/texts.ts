import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import type { TextKind } from '../../../configs/contract.js';
import { makeContract } from '../../../data/tokenizer/makeContract.js';
import { seededRandom, shuffle } from '../../../data/random.js';
import { tokenizeText } from '../../../data/tokenizer/tokenizeText.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { lengthQuantiles, sampleLengths } from './lengths.js';

/** Where texts to measure with come from. */
export interface TextSource {
  /** For people. */
  name: string;
  /** Token ids under the study's contract; the same count always gives the same texts. */
  tokens(kind: TextKind, count: number): Int32Array[];
  /** The texts themselves, in the same order; undefined where only their lengths are known. */
  texts(kind: TextKind, count: number): string[] | undefined;
}

/** The real texts, where the folder of real data has them. */
const files = {
  query: 'msmarco/topics.msmarco-passage.dev-subset.txt',
  passage: 'msmarco/dl1920_subset_beir/corpus.jsonl',
};

/**
 * Real MS MARCO queries and passages where `oracles` holds them, else random ids with the lengths of these.
 * @param base     folder of the base, whose tokenizer is used
 * @param oracles  folder of real data
 */
export async function openTexts(base: string, vocabularySize: number, oracles: string): Promise<TextSource> {
  const isReal = Object.values(files).every((file) => existsSync(join(oracles, file)));
  if (!isReal || !existsSync(join(base, 'tokenizer.json'))) return randomTexts(vocabularySize);
  const tokenizer = await loadTokenizer(base);
  const contract = makeContract(loadConfig('study').config, tokenizer, 'bfloat16');
  const all = {
    query: readLines(oracles, files.query).map((line) => line.slice(line.indexOf('\t') + 1)),
    passage: readLines(oracles, files.passage).map((line) => (JSON.parse(line) as { text: string }).text),
  };
  const shuffled = {
    query: shuffle(all.query, seededRandom('queries to measure with')),
    passage: shuffle(all.passage, seededRandom('passages to measure with')),
  };
  const take = (kind: TextKind, count: number) =>
    Array.from({ length: count }, (_, place) => shuffled[kind][place % shuffled[kind].length]!);
  const known = { query: [] as Int32Array[], passage: [] as Int32Array[] };
  return {
    name: 'MS MARCO queries (dev) and passages (TREC DL 2019/20)',
    texts: take,
    tokens(kind, count) {
      const distinct = Math.min(count, shuffled[kind].length);
      for (let place = known[kind].length; place < distinct; place++)
        known[kind].push(tokenizeText(tokenizer, contract, kind, shuffled[kind][place]!));
      return Array.from({ length: count }, (_, place) => known[kind][place % distinct]!);
    },
  };
}

function randomTexts(vocabularySize: number): TextSource {
  return {
    name: 'random token ids with the lengths of MS MARCO texts',
    texts: () => undefined,
    tokens(kind, count) {
      const random = seededRandom('texts', kind);
      return sampleLengths(lengthQuantiles[kind], count, seededRandom('lengths', kind)).map((length) =>
        Int32Array.from({ length }, () => Math.floor(random() * vocabularySize)),
      );
    },
  };
}

const readLines = (oracles: string, file: string) =>
  readFileSync(join(oracles, file), 'utf8').split('\n').filter(Boolean);
