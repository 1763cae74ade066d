import { createRequire } from 'node:module';

/** Version of tercet. */
export const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
