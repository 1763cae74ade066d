export function missingFile(variant: string, files: Record<string, unknown>): string | undefined;
