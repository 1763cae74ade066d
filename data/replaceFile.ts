import { open, rename, rm } from 'node:fs/promises';

/** A file that is being written beside the one it will replace. */
export interface Replacement {
  /** Write here. */
  path: string;
  /** Give the finished file its name; an older one of that name is gone only now. */
  commit(): Promise<void>;
  /** Remove what was written; an older file stays as it was. */
  abort(): Promise<void>;
}

/** Begin to replace `path`, so that a full disk or a kill leaves the older file, never half of the new one. */
export function replaceFile(path: string): Replacement {
  const partial = `${path}.partial-${process.pid}`;
  return {
    path: partial,
    async commit() {
      const handle = await open(partial, 'r+');
      await handle.sync().finally(() => handle.close());
      await rename(partial, path);
    },
    abort: () => rm(partial, { force: true }),
  };
}
