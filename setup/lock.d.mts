export function withLock<T>(
  path: string,
  waiting: (pid: number) => void,
  work: (registerChild: (pid: number) => () => void) => Promise<T>,
): Promise<T>;
