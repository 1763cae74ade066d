import type { WordForm } from './forms.js';

/** Where the word that begins at `start` ends: `start` is below the length of the text, what is returned above it. */
export type WordEnd = (text: string, start: number) => number;

/**
 * What the pattern of each form matches, read by hand, up to ten times as fast as by a regular expression.
 * Letters, numbers and white space are Python's tokenizers' (the Oniguruma library's), from the engine's Unicode data:
 * U+0085 is white space and U+FEFF is not, unlike in JavaScript's `\s`, and `'ſ` is an ending like `'s` where the pattern
 * ignores case.
 */
export const wordEnds: Record<WordForm, WordEnd> = {
  qwen2: (text, start) => wordEndOfQwen2(text, start, 1),
  llama3: (text, start) => wordEndOfQwen2(text, start, 3),
  gpt2: (text, start) => wordEndOfGpt2(text, start, false),
  'gpt2-digits': (text, start) => wordEndOfGpt2(text, start, true),
};

/** @param digits  so many of a number are a word */
function wordEndOfQwen2(text: string, start: number, digits: number): number {
  const first = text.charCodeAt(start);
  if (first === APOSTROPHE) {
    const end = contractionEnd(text, start + 1);
    if (end > 0) return end;
  }
  const kind = kindAt(text, start);
  const next = start + lengthOf(kind);
  const group = kind & GROUP;
  if (group === LETTER) return skip(text, next, LETTER);
  if (group === NUMBER) return digits === 1 ? next : skip(text, next, NUMBER, digits - 1);
  const following = next < text.length ? kindAt(text, next) & GROUP : -1;
  if (following === LETTER && group !== NEWLINE) return skip(text, next, LETTER);
  if (group === OTHER || (first === BLANK && following === OTHER)) return skip(text, skip(text, next, OTHER), NEWLINE);
  return whiteSpaceEnd(text, start);
}

/** @param apart  numbers are cut out one by one before the pattern is asked, which sees an end of the text before each */
function wordEndOfGpt2(text: string, start: number, apart: boolean): number {
  const first = text.charCodeAt(start);
  if (first === APOSTROPHE) {
    const ending = CASED_CONTRACTIONS.find((one) => text.startsWith(one, start + 1));
    if (ending !== undefined) return start + 1 + ending.length;
  }
  const kind = kindAt(text, start);
  const next = start + lengthOf(kind);
  const group = kind & GROUP;
  if (group === NUMBER && apart) return next;
  if (group <= NUMBER) return skip(text, next, group);
  const following = next < text.length ? kindAt(text, next) & GROUP : -1;
  if (first === BLANK && following >= 0 && following <= (apart ? LETTER : NUMBER)) return skip(text, next, following);
  let end = next;
  while (end < text.length && KINDS[text.charCodeAt(end)]! >= SPACE) end++;
  const isLast = end === text.length || (apart && (kindAt(text, end) & GROUP) === NUMBER);
  return isLast || end - start === 1 ? end : end - 1;
}

const CASED_CONTRACTIONS = ['s', 't', 're', 've', 'm', 'll', 'd'];
const APOSTROPHE = 0x27;
const BLANK = 0x20;

/** `(?i:'s|'t|'re|'ve|'m|'ll|'d)` after the apostrophe; 0 where none of them stands. */
function contractionEnd(text: string, at: number): number {
  const first = text.charCodeAt(at) | 0x20;
  if (first === 0x73 || first === 0x74 || first === 0x6d || first === 0x64) return at + 1; // s t m d
  if (text.charCodeAt(at) === 0x17f) return at + 1; // folds to s
  const second = text.charCodeAt(at + 1) | 0x20;
  if ((first === 0x72 || first === 0x76) && second === 0x65) return at + 2; // re ve
  return first === 0x6c && second === 0x6c ? at + 2 : 0; // ll
}

/** `\s*[\r\n]+`, else `\s+(?!\S)`, else `\s+`: up to the last line end, else all but a blank that the next word takes. */
function whiteSpaceEnd(text: string, start: number): number {
  let end = start;
  let afterNewline = 0;
  for (; end < text.length; end++) {
    const group = KINDS[text.charCodeAt(end)]!;
    if (group === NEWLINE) afterNewline = end + 1;
    else if (group !== SPACE) break;
  }
  if (afterNewline > 0) return afterNewline;
  return end === text.length || end - start === 1 ? end : end - 1;
}

/** @param most  characters */
function skip(text: string, from: number, group: number, most = Infinity): number {
  let end = from;
  for (let count = 0; count < most && end < text.length; count++) {
    const kind = kindAt(text, end);
    if ((kind & GROUP) !== group) break;
    end += lengthOf(kind);
  }
  return end;
}

const OTHER = 0;
const LETTER = 1;
const NUMBER = 2;
const SPACE = 3;
/** Carriage return and line feed, white space too. */
const NEWLINE = 4;
const GROUP = 7;
/** Added to the group of a character of two code units. */
const PAIR = 8;

const lengthOf = (kind: number) => (kind & PAIR ? 2 : 1);

function kindAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if ((unit & 0xfc00) !== 0xd800) return KINDS[unit]!;
  const next = text.charCodeAt(at + 1);
  if ((next & 0xfc00) !== 0xdc00) return OTHER;
  const character = text.slice(at, at + 2);
  return PAIR | (LETTERS.test(character) ? LETTER : NUMBERS.test(character) ? NUMBER : OTHER);
}

const LETTERS = /^\p{L}+$/u;
const NUMBERS = /^\p{N}+$/u;

/** The group of every code unit; surrogates are of no group. */
const KINDS = unitKinds();

function unitKinds(): Uint8Array {
  const kinds = new Uint8Array(0x10000);
  const units = Uint16Array.from(kinds, (_, unit) => ((unit & 0xf800) === 0xd800 ? 0 : unit));
  const all = Buffer.from(units.buffer).toString('utf16le');
  const runs: [RegExp, number][] = [
    [/\p{L}+/gu, LETTER],
    [/\p{N}+/gu, NUMBER],
    [/\s+/g, SPACE],
  ];
  for (const [pattern, kind] of runs)
    for (const { index, 0: run } of all.matchAll(pattern)) kinds.fill(kind, index, index + run.length);
  kinds[0x85] = SPACE;
  kinds[0xfeff] = OTHER;
  kinds[0x0a] = kinds[0x0d] = NEWLINE;
  return kinds;
}
