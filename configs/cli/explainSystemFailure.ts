/** What the user can do about what the system refuses, by its code. */
const remedies: Record<string, string> = {
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'close other programs: the machine has too many files open',
  EAGAIN: 'raise the limit of processes (ulimit -u), or close other programs',
  ENOMEM: 'close other programs, or raise the limit of memory (ulimit -v)',
  ENOSPC: 'free space there and run again',
  EDQUOT: 'free space there and run again',
  EFBIG: 'raise the limit of file sizes (ulimit -f)',
  EROFS: 'name a place on another disk',
  EACCES: 'allow it, or name another place',
  EPERM: 'allow it, or name another place',
  ENOTDIR: 'move the file away that is in the place of a folder',
  ENAMETOOLONG: 'take a shorter name',
  ELOOP: 'mend the links, which lead in a circle',
  EIO: 'check the disk',
  ESTALE: 'run again: the shared disk was unmounted',
};

/**
 * One line for a refusal of the system's that nothing nearer to it has explained, and that the user can mend.
 * @returns undefined for any other error
 */
export function explainSystemFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall, path } = error as NodeJS.ErrnoException;
  const remedy = Object.hasOwn(remedies, code) ? remedies[code] : undefined;
  if (remedy === undefined || syscall === undefined) return undefined;
  const reason = error.message.replace(/^\w+: /, '').replace(/, \w+( '.*')?( -> '.*')?$/s, '');
  return `the system refuses ${syscall}${path === undefined ? '' : ` ${path}`}: ${reason} (${code}); ${remedy}`;
}
