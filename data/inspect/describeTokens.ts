import type { Contract, TextKind } from '../../configs/contract.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { cut, partsAround, prefixed, tokenizeText } from '../tokenizer/tokenizeText.js';

/** What a token comes from; one that reaches over a border is named after both sides. */
export interface DescribedToken {
  id: number;
  /** Text of this token alone; U+FFFD stands for part of a character. */
  piece: string;
  from: string;
}

export interface DescribedText {
  text: string;
  kind: TextKind;
  tokens: DescribedToken[];
  /** The contract's length for this kind. */
  limit: number;
  /** Tokens of prefix and text that the limit cut off. */
  cut: number;
}

/** Tokenize a text under a contract and say where each token comes from. */
export function describeTokens(tokenizer: Tokenizer, contract: Contract, kind: TextKind, text: string): DescribedText {
  const ids = [...tokenizeText(tokenizer, contract, kind, text)];
  const begin = contract.bosId === null ? 0 : 1;
  const end = ids.length - (contract.eosId === null ? 0 : 1);
  const inner = ids.slice(begin, end);
  const whole = tokenizer.encode(prefixed(contract, kind, text));
  const limit = kind === 'query' ? contract.queryMaxLength : contract.passageMaxLength;
  const kept = partsAround(contract, kind) ? Math.min(whole.length, limit) : inner.length;
  const parts = partsOf(tokenizer, contract, kind, text, limit);
  let place = 0;
  const tokens = ids.map((id, index): DescribedToken => {
    const piece = tokenizer.decode([id]);
    if (index < begin) return { id, piece, from: 'BOS' };
    if (index >= end) return { id, piece, from: contract.eosToken === undefined ? 'EOS' : 'appended' };
    const next = tokenizer.decode(inner.slice(0, index - begin + 1)).length;
    const from = parts
      .filter((part) => part.start < Math.max(next, place + 1) && part.end > place)
      .map(({ name }) => name);
    place = next;
    return { id, piece, from: [...new Set(from)].join('+') };
  });
  return { text, kind, tokens, limit, cut: whole.length - kept };
}

interface Part {
  name: string;
  /** Place of its first character among all, and of the one after its last. */
  start: number;
  end: number;
}

function partsOf(tokenizer: Tokenizer, contract: Contract, kind: TextKind, text: string, limit: number): Part[] {
  const around = partsAround(contract, kind);
  const prefix = kind === 'query' ? contract.queryPrefix : contract.passagePrefix;
  const content = prefixed(contract, kind, text);
  const kept = around ? cut(tokenizer, content, limit) : content;
  const suffix = (kind === 'query' ? contract.querySuffix : contract.passageSuffix) ?? '';
  const named: [string, string][] = [
    ['chat', around?.before ?? ''],
    ['prefix', prefix],
    ['text', kept.slice(prefix.length)],
    ['suffix', suffix],
    ['chat', around ? (contract.chatAfter ?? '') : ''],
    ['answer', contract.answerStart ?? ''],
  ];
  let end = 0;
  return named.map(([name, part]) => ({ name, start: end, end: (end += part.normalize('NFC').length) }));
}

/** A table for people: place, id, where from, the token in quotes. */
export function formatTokens({ kind, tokens, limit, cut: lost }: DescribedText): string {
  const rows = tokens.map(({ id, piece, from }, index) => [`${index}`, `${id}`, from, JSON.stringify(piece)]);
  const table = [['#', 'id', 'from', 'token'], ...rows];
  const width = (column: number) => Math.max(...table.map((row) => row[column]!.length));
  const [places, ids, origins] = [width(0), width(1), width(2)];
  const lines = table.map(
    ([place, id, from, token]) =>
      `${place!.padStart(places)}  ${id!.padStart(ids)}  ${from!.padEnd(origins)}  ${token}`,
  );
  const ending = lost > 0 ? `; ${lost} more were cut off, the limit is ${limit}` : '';
  return [...lines, `${kind}: ${tokens.length} tokens${ending}`].join('\n');
}
