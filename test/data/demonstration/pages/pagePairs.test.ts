import assert from 'node:assert/strict';
import { pageFonts } from '../../../../data/demonstration/pages/fonts.js';
import type { Page } from '../../../../data/demonstration/pages/makePage.js';
import { pagePairs, type PagePairs } from '../../../../data/demonstration/pages/pagePairs.js';
import { renderPage, renderPixels } from '../../../../data/demonstration/pages/renderPage.js';
import { decodeImage } from '../../../../data/image/decodeImage.js';

describe('pagePairs', () => {
  const fonts = pageFonts();
  const sizes = { train: 120, test: 80 };
  let pairs: PagePairs;
  before(() => {
    pairs = pagePairs(fonts, sizes);
  });

  it('draws the same pages again, to the byte, and every kind of page', async () => {
    assert.deepEqual(pagePairs(pageFonts(), sizes), pairs);
    const page = pairs.train[0]!.page;
    assert.deepEqual(await renderPage(page), await renderPage(page));
    const kinds = new Set(pairs.train.map(({ page }) => page.kind));
    assert.deepEqual([...kinds].sort(), ['bar', 'disc', 'line', 'picture', 'report']);
  });

  it('gives each test query its own page and no other: no other shows all that is asked for', () => {
    for (const { id, query } of pairs.test) {
      const found = pairs.test.filter(({ page }) => shows(page, query)).map((other) => other.id);
      assert.deepEqual(found, [id], query);
    }
  });

  it('trains on no page that shows what a test page shows, and asks no test query', () => {
    const content = ({ page: { kind, subjects } }: { page: Page }) => [kind, ...[...subjects].sort()].join();
    const tested = new Set(pairs.test.map(content));
    const asked = new Set(pairs.test.map(({ query }) => query));
    assert.equal(tested.size, sizes.test);
    assert.equal(asked.size, sizes.test);
    assert.deepEqual(
      pairs.train.filter((pair) => tested.has(content(pair)) || asked.has(pair.query)),
      [],
    );
  });

  it('asks with words that are on the page, each drawn or written there', () => {
    for (const { query, page } of [...pairs.train, ...pairs.test]) {
      assert.ok(shows(page, query), query);
      const drawn = new Set(page.pieces.map(({ word }) => word));
      for (const subject of page.subjects)
        for (const word of subject.split(' ')) assert.ok(drawn.has(word), `${word} of ${query}`);
    }
  });

  it('draws within the page, on sides of whole attention windows of the base', () => {
    for (const { page } of pairs.train) {
      assert.deepEqual([page.width % 112, page.height % 112], [0, 0]);
      for (const { word, left, top, right, bottom } of page.pieces)
        assert.ok(left >= 0 && top >= 0 && right <= page.width && bottom <= page.height + 1, word);
    }
  });

  it('has the same pixels in memory as in a file', async () => {
    const { page } = pairs.test[0]!;
    const { bytes, height, width } = await decodeImage(await renderPage(page), 'drop');
    assert.deepEqual({ bytes, height, width }, await renderPixels(page));
  });
});

/** Whether a page shows all that a query asks for, read from the query's own words. */
function shows({ kind, subjects }: Page, query: string): boolean {
  const chart = /^(bar|line|pie) chart of /.exec(query);
  if (chart && { bar: 'bar', line: 'line', pie: 'disc' }[chart[1]!] !== kind) return false;
  const asked = query.replace(/^(\w+ chart of|a page about|a) /, '').split(/, with |, | and a | and /);
  return asked.every((subject) => subjects.includes(subject));
}
