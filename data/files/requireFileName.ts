import { UserError } from '../../configs/userError.js';

/**
 * Require that a name which came from a network, an archive or a data file stays within the folder that it is put into or
 * looked for in: a relative path without `..`, drive, backslash or NUL.
 * @throws UserError
 */
export function requireFileName(name: string, from = 'a server'): void {
  const parts = name.split('/');
  if (name === '' || name.startsWith('/') || /^[a-z]:|\\|\0/i.test(name) || parts.some((part) => part === '..'))
    throw new UserError(
      `${from} names a file ${JSON.stringify(name)}, a path out of its folder; nothing is done with it`,
    );
}
