import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messagesPage, strayThemes } from './messagesPage.js';
import { messagesIn, userMessages } from './userMessages.js';

describe('docs/messages.md', () => {
  const messages = userMessages();
  const pageOf = (name: string) => readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');

  it('is what the sources say; after a change: node --import tsx test/docs/writePages.ts', () => {
    // What the sources call a value is no message: it may change before the page is made again.
    const linesOf = (page: string) => [...new Set(page.replaceAll(/<[^<>]*>/g, '<>').split('\n'))].sort();
    assert.deepEqual(linesOf(pageOf('messages.md')), linesOf(messagesPage(messages)));
  });

  it('has a chapter for every message, and no chapter without one', () => {
    assert.ok(messages.length > 400);
    assert.deepEqual(strayThemes(messages), []);
  });

  it('tells all ways of a message, with names for values', () => {
    const source = `
      const what = (kind: string) => (kind === 'a' ? 'a file' : \`kind \${kind}\`);
      function f(found: string, n: { rowCount: number }) {
        const remedy = 'leave it ' + 'out';
        throw new UserError(\`\${found} has \${n.rowCount} rows, \${what(found)}; \${remedy}\`);
      }
      throw new Error('ours');`;
    assert.deepEqual(messagesIn(source), [
      '<found> has <row count> rows, a file; leave it out',
      '<found> has <row count> rows, kind <kind>; leave it out',
    ]);
  });

  // What the troubleshooting page quotes must be said somewhere, or nobody finds it by its words.
  it('is quoted by docs/troubleshooting.md as it stands', () => {
    const elsewhere = ['setup/messages/troubles.mjs', 'train/loop/trainRun.ts'];
    const said = [
      ...messages.map(({ text }) => text),
      ...elsewhere.map((file) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8')),
    ];
    const rows = pageOf('troubleshooting.md')
      .split('\n')
      .filter((line) => /^\| [^-W]/.test(line));
    assert.ok(rows.length >= 15);
    const quoted = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
    const isSaid = (quote: string) =>
      quote.startsWith('--') ||
      said.some((text) => {
        let from = 0;
        return quote.split('...').every((part) => {
          const at = text.indexOf(part.trim(), from);
          from = at + part.trim().length;
          return at >= 0;
        });
      });
    assert.deepEqual(
      quoted.filter((quote) => !isSaid(quote)),
      [],
    );
  });
});
