export function limitTrouble(limits?: string, temporary?: string): string | undefined;
