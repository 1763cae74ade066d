import { UserError } from '../userError.js';

/** @throws UserError when what was given for an option is not a whole number of at least so much */
export function requireWhole(option: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new UserError(`--${option} must be a whole number, ${least} or more; got ${String(value)}`);
}
