import { createRequire } from 'node:module';

/** Version of tercet, for the history. */
export const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
