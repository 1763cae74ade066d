export function buildNoise(): string | undefined;
