/** Run by hand after a change of settings or messages: `node --import tsx test/docs/writePages.ts` writes the pages that are made from code. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gradientCachePicture, poolPicture } from './drawings.js';
import { messagesPage } from './messagesPage.js';
import { settingsPage } from './settingsPage.js';

const write = (name: string, text: string) =>
  writeFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), text);

write('settings.md', settingsPage());
write('messages.md', messagesPage());
write('pictures/pool.svg', poolPicture());
write('pictures/gradient-cache.svg', gradientCachePicture());
