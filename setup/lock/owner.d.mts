export const owner: string;
export const ownerForm: string;
export function ownerOf(pid: number, token?: string): string;
export function lifeOf(owner: unknown): 'alive' | 'gone' | 'unseen';
