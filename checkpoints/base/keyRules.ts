import { UserError } from '../../configs/userError.js';

/** By the name of a key, whether a value changes nothing, and how that is put. */
export type Rules = Record<string, [accepts: (value: unknown) => boolean, wanted: string]>;

/** @returns a line for each key that is neither known nor ruled @throws UserError for a value that is not computed */
export function unknownKeys(
  file: string,
  values: Record<string, unknown>,
  known: ReadonlySet<string>,
  rules: Rules,
): string[] {
  for (const [key, [accepts, wanted]] of Object.entries(rules))
    if (values[key] != null && !accepts(values[key]))
      throw new UserError(
        `${file}: ${key} must be ${wanted}; got ${JSON.stringify(values[key])}, which is not computed here`,
      );
  return Object.keys(values)
    .filter((key) => !known.has(key) && !(key in rules))
    .map((key) => `${file} says ${key}, which is not known here and is not followed`);
}

export const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter(Boolean));

const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
export const isFalse: Rules[string] = [(value) => value === false, 'false'];
export const isTrue: Rules[string] = [(value) => value === true, 'true'];
export const isAbsent: Rules[string] = [isEmpty, 'absent'];
