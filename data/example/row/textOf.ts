import { isUtf8 } from 'node:buffer';
import { strip } from '../../tokenizer/tokenizeText.js';

/** A field as text, null for what is none: texts, and bytes that are UTF-8. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return isBroken(value) ? null : value;
  if (!(value instanceof Uint8Array) || !isUtf8(value)) return null;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
}

/** Why a field is no text. @param name  what it is called */
export function whyNoText(name: string, value: unknown): string {
  if (typeof value === 'string') return BROKEN_TEXT;
  return value instanceof Uint8Array ? `${name} not UTF-8` : `${name} missing`;
}

/** Whether there is nothing in it but white space: such a text says nothing, and is left out or refused everywhere. */
export const isBlank = (text: string) => strip(text) === '';

/** Half of a surrogate pair, which JSON can say and UTF-8 cannot. */
export const isBroken = (text: string) => /\p{Surrogate}/u.test(text);

const BROKEN_TEXT = 'text with half of a surrogate pair, which is no valid Unicode';
