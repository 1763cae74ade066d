/** A lock that this process holds. */
export interface Lock {
  isHeld(): boolean;
  release(): void;
}
export function tryLock(path: string): { lock: Lock; holder?: undefined } | { lock?: undefined; holder: string };
export function withLock<T>(
  path: string,
  waiting: (holder: string) => void,
  work: (registerChild: (pid: number) => () => void) => Promise<T>,
): Promise<T>;
