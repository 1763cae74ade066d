export const checkout: string;
export const tensorflowVersion: string;
export interface EngineFolder {
  root: string;
  variant: string;
  folder: string;
  libraryRecord: string;
  binding: string;
  bindingRecord: string;
  holdStderr: string;
  fusedOps: string;
  trouble: string;
  log: string;
}
export function engineFolder(variant?: string): EngineFolder;
export function nvidiaSeen(): boolean;
export function readJson(path: string): unknown;
