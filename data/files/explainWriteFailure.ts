import { resolve } from 'node:path';
import { ownerForm } from '../../setup/lock/owner.mjs';
import { UserError } from '../../configs/userError.js';

/**
 * Turn the system's ways of saying that a file or folder cannot be written into one line; other errors, such as those
 * of a file that was read meanwhile, pass unchanged.
 * @param path         what was to be written; where the error names a place within it, the line names that
 * @param bytesNeeded  of the whole file, where they are known
 */
export function explainWriteFailure(error: unknown, path: string, bytesNeeded?: number): unknown {
  const { code, path: at } = error as NodeJS.ErrnoException;
  const failed = at === undefined ? undefined : withoutPartial(at);
  const place = withoutPartial(path);
  if (failed !== undefined && !isWithin(failed, place) && !isWithin(place, failed)) return error;
  const needed = bytesNeeded === undefined ? '' : ` (${bytesNeeded.toLocaleString('en-US')} bytes needed)`;
  const why = (reason: string) => new UserError(`cannot write ${place}: ${reason}`);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError(
        `no space left to write ${place}${needed}; free space there and run again: older files are intact`,
      );
    case 'EFBIG':
      return why(`a file may not be that large here${needed}; raise the limit (ulimit -f), or name another place`);
    case 'EACCES':
    case 'EPERM':
      return why('permission is denied; change that, or name another place');
    case 'EROFS':
      return why('the disk can only be read; name another place');
    case 'ENOTDIR':
    case 'EEXIST':
      return why('a file is in the place of a folder on the way; name another place');
    case 'EISDIR':
      return why('it is a folder; name a file');
    case 'ENOENT':
      return failed === undefined ? error : why('its folder cannot be made or takes no files; name another place');
    case 'ENAMETOOLONG':
      return why('the name is too long; name another place');
    default:
      return error;
  }
}

const withoutPartial = (path: string) => path.replace(new RegExp(`\\.partial-${ownerForm}`, 'g'), '');

function isWithin(inner: string, outer: string): boolean {
  const [one, other] = [resolve(inner), resolve(outer)];
  return one === other || one.startsWith(other === '/' ? '/' : `${other}/`);
}
