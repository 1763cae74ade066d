import type { EngineFolder } from './engineFolder.mjs';
export type FileRecords = Record<string, { bytes: number; sha256: string }>;
export function engineFiles(place: EngineFolder): FileRecords | undefined;
export function damagedFile(folder: string, files: FileRecords): string | undefined;
export function alteredFile(folder: string, files: FileRecords): Promise<string | undefined>;
export function sha256Of(path: string): Promise<string>;
export function folderBytes(folder: string): number;
