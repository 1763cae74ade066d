import { UserError } from '../../../configs/userError.js';

/** The port at which the first rank of each machine listens, where the user names one; the others take those behind it. */
const portVariable = 'TERCET_PORT';

/** A whole number from 0 on that the environment holds. @throws UserError for anything else but nothing */
export function wholeNumber(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UserError(`${name} must be a whole number; got ${text}`);
  return Number(text);
}

/** @param usual  of the launcher, where the user names none */
export function firstPort(env: NodeJS.ProcessEnv, usual: number): number {
  const port = wholeNumber(env, portVariable) ?? usual;
  if (port >= 1024 && port < 65_536) return port;
  throw new UserError(`${portVariable} must be a port from 1024 to 65535; got ${port}`);
}
