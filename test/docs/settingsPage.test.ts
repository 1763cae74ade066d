import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingsPage } from './settingsPage.js';

describe('docs/settings.md', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/settings.md', import.meta.url)), 'utf8');

  it('is what the schema says; after a change: node --import tsx test/docs/writePages.ts', () => {
    assert.equal(page, settingsPage());
  });

  it('tells kind, bounds and default of a setting', () => {
    const rowOf = (name: string) =>
      page
        .split('\n')
        .find((line) => line.startsWith(`| \`${name}\``))!
        .split('|');
    const cells = (name: string) =>
      rowOf(name)
        .slice(2, 4)
        .map((cell) => cell.trim());
    assert.deepEqual(cells('lora.dropout'), ['number from 0 below 1', '`0.1`']);
    assert.deepEqual(cells('training.steps'), ['whole number from 1', 'not set']);
    assert.deepEqual(cells('training.chunkTokens'), ['whole number from 1 or `auto`', '`auto`']);
    assert.deepEqual(cells('schedule.kind')[0], '`log-warmup`, `linear`, `cosine`');
  });
});
