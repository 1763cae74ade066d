import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { makeTinyRun } from '../tinyRun.js';
import { chooseAndEncode } from './example.js';
import { textOf } from './chapters.js';

describe('a program', function () {
  this.timeout(60_000);
  let home: string;

  before(async () => void (home = await makeTinyRun()));
  after(() => rmSync(home, { recursive: true, force: true }));

  it('evaluates, compares and encodes as docs/formats.md shows', async () => {
    const example = readFileSync(new URL('./example.ts', import.meta.url), 'utf8');
    assert.ok(textOf('docs/formats.md').includes(`\`\`\`ts\n${example}\`\`\``), 'the page shows another example');
    const folder = mkdtempSync(join(tmpdir(), 'tercet-program-'));
    try {
      writeFileSync(join(folder, 'texts.jsonl'), '{"_id": "1", "text": "a cat"}\n{"_id": "2", "text": "a dog"}\n');
      const said: string[] = [];
      const { warn } = console;
      console.warn = (line: string) => said.push(line);
      const models = [`base:${join(home, 'base')}`, `base:${join(home, 'base')}`] as [string, string];
      const found = await chooseAndEncode(
        models,
        join(home, 'tasks/animals'),
        join(folder, 'texts.jsonl'),
        folder,
      ).finally(() => (console.warn = warn));
      assert.deepEqual([found.difference, found.pHolm, found.rows, found.dimensions], [0, 1, 2, 32]);
      assert.deepEqual(said.at(-1), '2 of 2');
      const table = tableFromIPC(readFileSync(join(folder, 'texts.arrow')));
      assert.deepEqual([...table.getChild('id')!], ['1', '2']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
