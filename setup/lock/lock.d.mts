/** A lock that this process holds. */
export interface Lock {
  /** @returns a function that takes the child off again */
  addChild(pid: number): () => void;
  isHeld(): boolean;
  release(): void;
}
export function tryLock(
  path: string,
): { lock: Lock; holder?: undefined; since?: undefined } | { lock?: undefined; holder: string; since?: string };
/** Who holds a lock, in words; undefined where nobody does who is alive. */
export function lockHolder(path: string): string | undefined;
export function withLock<T>(
  path: string,
  waiting: (holder: string) => void,
  work: (registerChild: (pid: number) => () => void) => Promise<T>,
): Promise<T>;
