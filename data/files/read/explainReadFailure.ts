import { UserError } from '../../../configs/userError.js';

/** Turn what the system says of a file that cannot be read into one line. */
export function explainReadFailure(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new UserError(`cannot read ${path}: it does not exist`);
  if (code === 'EISDIR') return new UserError(`cannot read ${path}: it is a folder`);
  if (code === 'EACCES' || code === 'EPERM') return new UserError(`cannot read ${path}: permission is denied`);
  if (code === 'EIO') return new UserError(`cannot read ${path}: the disk reports an error`);
  return error;
}
