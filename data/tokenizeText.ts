import type { Contract, TextKind } from '../configs/contract.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * The ids of one text under the contract. Source: `TrainDataset` and `TrainCollator` of the study's Tevatron fork.
 * @param title  of a passage; empty where there is none
 * @returns      BOS if the contract has one, the text cut to what is left, EOS if the contract has one:
 *               at most the contract's length for this kind
 */
export function tokenizeText(
  tokenizer: Tokenizer,
  contract: Contract,
  kind: TextKind,
  text: string,
  title = '',
): Int32Array {
  const isQuery = kind === 'query';
  const content = isQuery
    ? contract.queryPrefix + strip(text)
    : stripEnd(`${contract.passagePrefix}${strip(title)} ${strip(text)}`);
  const ids = tokenizer.encode(content);
  if (contract.bosId !== null) ids.unshift(contract.bosId);
  const room = (isQuery ? contract.queryMaxLength : contract.passageMaxLength) - (contract.eosId === null ? 0 : 1);
  if (ids.length > room) ids.length = room;
  if (contract.eosId !== null) ids.push(contract.eosId);
  return Int32Array.from(ids);
}

/**
 * The text without white space at both ends, as Python's str.strip has it, since published models saw texts stripped
 * that way. JavaScript's trim differs: it takes U+FEFF too, and leaves U+001C to U+001F and U+0085.
 */
export function strip(text: string): string {
  let begin = 0;
  while (begin < text.length && WHITE_SPACE.test(text[begin]!)) begin++;
  return stripEnd(text.slice(begin));
}

function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
