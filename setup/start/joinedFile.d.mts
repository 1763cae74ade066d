export function joinedFile(checkout: string, script: string): Promise<string | undefined>;
