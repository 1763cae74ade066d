import { isBroken, textOf } from './textOf.js';

/**
 * An id as text, null for what is none: ids are texts or whole numbers. A number that a double may have rounded is none,
 * a bigint keeps all its digits.
 */
export function idText(id: unknown): string | null {
  if (typeof id === 'string') return id === '' || isBroken(id) ? null : id;
  if (id instanceof Uint8Array) return textOf(id) || null;
  return typeof id === 'bigint' || Number.isSafeInteger(id) ? String(id) : null;
}
