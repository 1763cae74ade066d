export function foreignFile(folder: string): string | undefined;
export function requireOwnFolder(folder: string): void;
