/** Run by hand after a change of settings: `node --import tsx test/docs/writePages.ts` writes the pages that are made from code. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingsPage } from './settingsPage.js';

writeFileSync(fileURLToPath(new URL('../../docs/settings.md', import.meta.url)), settingsPage());
