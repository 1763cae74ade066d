import { closest, distance } from 'fastest-levenshtein';

/**
 * The tail of an error message about an unknown name: the near one if there is one, else all that are known.
 * @param name   what the user wrote
 * @param known  names that would have been accepted
 */
export function suggest(name: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const near = closest(name, known);
  const isNear = distance(name, near) <= Math.max(2, Math.floor(name.length / 3));
  return isNear ? `did you mean ${near}?` : `known here: ${known.join(', ')}`;
}
