import type { Contract, TextKind } from '../../configs/contract.js';
import type { TokenEncoder } from '../tokenizer/byteLevel.js';
import { contractEncoder } from '../tokenizer/contractEncoder.js';
import { cut, imageMark, partsAround, prefixed, tokenizeText } from '../tokenizer/tokenizeText.js';

/** What a token comes from; one that reaches over a border is named after both sides. */
export interface DescribedToken {
  id: number;
  /** Text of this token alone; U+FFFD stands for part of a character. */
  piece: string;
  from: string;
  /** Tokens of this kind, where it stands for several. */
  count?: number;
  /** In time, down and across, where a document has images. */
  position?: string;
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

/**
 * Tokenize a text under a contract and say where each token comes from.
 * @param images  that stand with it; each is one token of `imageMark`
 */
export function describeTokens(
  plain: TokenEncoder,
  contract: Contract,
  kind: TextKind,
  text: string,
  images = 0,
): DescribedText {
  const tokenizer = contractEncoder(plain, contract);
  const ids = [...tokenizeText(tokenizer, contract, kind, text, undefined, images)];
  const begin = contract.bosId === null ? 0 : 1;
  const end = ids.length - (contract.eosId === null ? 0 : 1);
  const inner = ids.slice(begin, end).filter((id) => id !== imageMark);
  const whole = tokenizer.encode(prefixed(contract, kind, text));
  const limit = kind === 'query' ? contract.queryMaxLength : contract.passageMaxLength;
  const kept = partsAround(contract, kind) ? Math.min(whole.length, limit) : inner.length;
  const parts = partsOf(tokenizer, contract, kind, text, limit);
  let place = 0;
  let seen = 0;
  const tokens = ids.map((id, index): DescribedToken => {
    if (id === imageMark) return { id, piece: '', from: 'image' };
    const piece = tokenizer.decode([id]);
    if (index < begin) return { id, piece, from: 'BOS' };
    if (index >= end) return { id, piece, from: contract.eosToken === undefined ? 'EOS' : 'appended' };
    const next = tokenizer.decode(inner.slice(0, ++seen)).length;
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

function partsOf(tokenizer: TokenEncoder, contract: Contract, kind: TextKind, text: string, limit: number): Part[] {
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

/** A table for people: place, id, where from, the token in quotes and, where a document has images, its position. */
export function formatTokens({ kind, tokens, limit, cut: lost }: DescribedText): string {
  let place = 0;
  const rows = tokens.map(({ id, piece, from, count = 1, position }) => {
    const first = place;
    place += count;
    const places = count === 1 ? `${first}` : `${first}..${place - 1}`;
    return [places, `${id}`, from, ...(position === undefined ? [] : [position]), JSON.stringify(piece)];
  });
  const hasPositions = tokens.some(({ position }) => position !== undefined);
  const table = [['#', 'id', 'from', ...(hasPositions ? ['position'] : []), 'token'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const isNumber = (column: number) => column < 2;
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1
          ? cell
          : isNumber(column)
            ? cell.padStart(widths[column]!)
            : cell.padEnd(widths[column]!),
      )
      .join('  '),
  );
  const ending = lost > 0 ? `; ${lost} more were cut off, the limit is ${limit}` : '';
  return [...lines, `${kind}: ${place} tokens${ending}`].join('\n');
}
