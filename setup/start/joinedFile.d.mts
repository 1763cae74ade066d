export function isJoined(script: string): boolean;
export function joinedFile(checkout: string, script: string): Promise<string | undefined>;
