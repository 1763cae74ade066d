export function makeFolderSync(path: string): void;
