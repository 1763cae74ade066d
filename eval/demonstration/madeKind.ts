/** One kind of data that is made here. */
export interface MadeKind {
  /** In data/cache/. */
  folder: string;
  /** All in it; what a user put beside is not replaced. */
  ownFiles: RegExp;
  /** Raised when the data would come out differently, so that older data is made again. */
  version: number;
  /** Training files, relative to the folder. */
  files: string[];
  /** Names of the tasks that lie in it. */
  tasks: string[];
  /** @param onStep  told what is being made */
  write(folder: string, onStep: (what: string) => void): Promise<void>;
}
