import type { Contract, TextKind } from '../../configs/contract.js';
import type { TokenEncoder } from './byteLevel.js';

/** Stands among the ids of a document in the place of each of its images. */
export const imageMark = -1;

/**
 * The ids of one text under the contract. Source: `TrainDataset` and `TrainCollator` of the study's Tevatron fork, for
 * texts in a chat those of its vision-language fork.
 * @param title   of a passage, where it has one
 * @param images  of the document, for each of which `imageMark` stands where the contract's order has them: what is put
 *                after the text stands behind them all
 * @returns       BOS if the contract has one, the text cut to what is left, EOS if the contract has one:
 *                at most the contract's length for this kind, and beyond it only images and what the contract puts around
 *                the text
 */
export function tokenizeText(
  encoder: TokenEncoder,
  contract: Contract,
  kind: TextKind,
  text: string,
  title?: string,
  images = 0,
): Int32Array {
  const content = prefixed(contract, kind, text, title);
  const begin = contract.bosId === null ? 0 : 1;
  const end = contract.eosId === null ? 0 : 1;
  const longest = kind === 'query' ? contract.queryMaxLength : contract.passageMaxLength;
  const around = partsAround(contract, kind);
  const kept = around ? cut(encoder, content, longest) : content;
  const limit = around ? Infinity : Math.max(longest - begin - end, 0);
  const [front, back] = aroundImages(contract, images, around?.before ?? '', kept, around?.after ?? '');
  const [ids, behind] = [encoder.encode(front, limit), encoder.encode(back, limit)];
  const tokens = new Int32Array(begin + ids.length + images + behind.length + end).fill(imageMark);
  if (contract.bosId !== null) tokens[0] = contract.bosId;
  tokens.set(ids, begin);
  tokens.set(behind, begin + ids.length + images);
  if (contract.eosId !== null) tokens[tokens.length - 1] = contract.eosId;
  return tokens;
}

/** What stands before the images and behind them; without images all of it is one text. */
function aroundImages(contract: Contract, images: number, before: string, kept: string, after: string) {
  if (images === 0) return [before + kept + after, ''] as const;
  return contract.image?.order === 'image-first'
    ? ([before, kept + after] as const)
    : ([before + kept, after] as const);
}

/** The text with its prefix, before anything is cut or put around it. */
export function prefixed(contract: Contract, kind: TextKind, text: string, title?: string): string {
  const prefix = kind === 'query' ? contract.queryPrefix : contract.passagePrefix;
  if (contract.titleRule === 'as-is')
    return prefix + (kind === 'query' || title === undefined ? text : `${title} ${text}`);
  return kind === 'query' ? prefix + strip(text) : stripEnd(`${prefix}${strip(title ?? '')} ${strip(text)}`);
}

/** What stands before the prefix and after the text, null where nothing follows the text. */
export function partsAround(contract: Contract, kind: TextKind): { before: string; after: string } | null {
  const suffix = (kind === 'query' ? contract.querySuffix : contract.passageSuffix) ?? '';
  const { chatBefore = '', chatAfter = '', answerStart = '' } = contract;
  const after = suffix + chatAfter + answerStart;
  return after === '' ? null : { before: chatBefore, after };
}

/** At most so many tokens of a text, as text again: what stands around it is tokenized together with it. */
export function cut(encoder: TokenEncoder, text: string, tokens: number): string {
  const ids = encoder.encode(text, tokens + 1);
  return ids.length > tokens ? encoder.decode(ids.slice(0, tokens)) : text;
}

/**
 * The text without white space at both ends, as Python's str.strip has it, since published models saw texts stripped
 * that way. JavaScript's trim differs: it takes U+FEFF too, and leaves U+001C to U+001F and U+0085.
 */
export function strip(text: string): string {
  let begin = 0;
  while (begin < text.length && WHITE_SPACE.test(text[begin]!)) begin++;
  return stripEnd(begin === 0 ? text : text.slice(begin));
}

function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.test(text[end - 1]!)) end--;
  return end === text.length ? text : text.slice(0, end);
}

const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
