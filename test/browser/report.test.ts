import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { comparisonPage } from '../../eval/report/section/comparisonPage.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';
import { chromiumPath } from './chromiumPath.js';
import { contrastRatios } from './contrastRatios.js';
import { exampleComparison, exampleQueries } from './exampleComparison.js';

describe('the page of a comparison, in a browser', function () {
  this.timeout(120_000);
  const place = useTemporaryFolder();
  let browser: Browser;
  let large: string;
  let small: string;

  before(async function () {
    if (chromiumPath === undefined) {
      console.log('    skipped: no Chromium in /usr/bin; apt-get install chromium brings one');
      this.skip();
    }
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
    const [eight, three] = [exampleComparison(8, 30, 40), exampleComparison(3, 3, 40)];
    large = comparisonPage(eight, exampleQueries(eight));
    small = comparisonPage(three, exampleQueries(three));
  });
  after(() => browser?.close());

  /** Open a page; what it asks of the network or complains of is collected. */
  async function open(markup: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext(options);
    await context.addInitScript('globalThis.__name = (named) => named'); // tsx calls it in what runs in the page
    const page = await context.newPage();
    const trouble: string[] = [];
    const file = pathToFileURL(place('report.html')).href;
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => request.url() !== file && trouble.push(`asked for ${request.url()}`));
    await writeFile(place('report.html'), markup);
    await page.goto(file);
    return { page, trouble };
  }

  it('opens eight models on thirty tasks in under two seconds of work, quietly and without the network', async () => {
    const { page, trouble } = await open(large);
    await page.locator('article.query').first().waitFor();
    assert.deepEqual(trouble, []);
    // Time the browser worked for it, so that a busy machine does not count against the page.
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    const worked = metrics.find(({ name }) => name === 'TaskDuration')!.value;
    assert.ok(worked < 2 * slowness(), `${worked.toFixed(2)} s of work`);
    assert.equal(await page.locator('main section').count(), 8);
  });

  it('shows the queries that fit the chosen models, task and words, in the order asked for', async () => {
    const { page } = await open(small);
    const gains = async () =>
      (await page.locator('article.query > .note').allTextContents()).map((text) =>
        Number(/\+([\d.]+)/.exec(text)![1]),
      );
    const first = await gains();
    assert.equal(first.length, 10);
    assert.deepEqual(
      first,
      [...first].sort((one, other) => other - one),
    );
    await page.selectOption('#task', { label: 'dl19' });
    assert.ok((await page.locator('article.query > .note').allTextContents()).every((text) => text.startsWith('dl19')));
    await page.selectOption('#order', 'text');
    const texts = await page.locator('article.query h3').allTextContents();
    assert.deepEqual(
      texts,
      [...texts].sort((one, other) => one.localeCompare(other)),
    );
    await page.selectOption('#winner', { label: 'BM25' });
    assert.match((await page.locator('.column h4').first().textContent())!, /^BM25 /);
    await page.fill('#words', 'no such words');
    assert.equal(await page.locator('#count').textContent(), 'No query held here fits.');
    assert.equal(await page.locator('article.query').count(), 0);
  });

  // A table of three tasks with three metrics was split in two, and long names of tasks made tables scroll.
  it('shows three tasks with three metrics in one table at 1,200 pixels, and nothing that scrolls sideways', async () => {
    const three = exampleComparison(3, 3, 40);
    for (const task of three.tasks) task.metrics.push('mrr@10');
    for (const row of three.rows) row.metrics['mrr@10'] = row.metrics['ndcg@10']!;
    for (const [markup, tables] of [
      [comparisonPage(three, exampleQueries(three)), 1],
      [large, 6],
    ] as const) {
      const { page } = await open(markup, { viewport: { width: 1200, height: 900 } });
      assert.equal(await page.locator('table.results').count(), tables);
      // Differences, and what differs, scrolled for long.
      await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll('.scroll')]
          .filter((each) => each.scrollWidth > each.clientWidth)
          .map((each) => `${each.getAttribute('aria-labelledby')} by ${each.scrollWidth - each.clientWidth}`),
      );
      assert.deepEqual(wide, []);
    }
  });

  it('says first which models may be the best, with the ranks of each', async () => {
    const { page } = await open(large);
    const lead = (await page.locator('p.lead').first().textContent())!.replace(/\s+/g, ' ');
    assert.match(
      lead,
      /^ Best by the mean over 21 tasks: qwen-vl \(ranks 1–2\)\. Not shown to be worse: qwen-coder-instruct/,
    );
    assert.ok(!lead.includes('qwen-math-instruct')); // the last, shown to be worse
  });

  it('is worked by keyboard: skip link first, tables scroll, more queries take the focus', async () => {
    const { page } = await open(small, { viewport: { width: 360, height: 700 } });
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Skip to the results');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const scrolled = await page.evaluate(() => document.activeElement!.getAttribute('role'));
    assert.equal(scrolled, 'region');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    assert.equal(outline, 'solid');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.activeElement!.scrollLeft > 0);
    await page.focus('#more');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('article.query').count(), 20);
    assert.equal(await page.evaluate(() => document.activeElement!.className), 'query');
  });

  it('names every chart, control, table and column', async () => {
    const { page } = await open(small);
    const unnamed = await page.evaluate(() => {
      const all = (selector: string) => [...document.querySelectorAll(selector)];
      return [
        ...all('svg').filter((svg) => svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')),
        ...all('select, input').filter((control) => (control as HTMLInputElement).labels!.length === 0),
        ...all('table').filter((table) => !(table as HTMLTableElement).caption),
        ...all('th').filter((th) => !th.hasAttribute('scope')),
        ...all('[aria-labelledby]').filter(
          (element) => !document.getElementById(element.getAttribute('aria-labelledby')!),
        ),
      ].map((element) => element.outerHTML.slice(0, 100));
    });
    assert.deepEqual(unnamed, []);
    const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id));
    assert.deepEqual(
      ids.filter((id, at) => ids.indexOf(id) !== at),
      [],
    );
  });

  it('does not scroll sideways at 360 pixels, and its controls are large enough for a finger', async () => {
    const { page } = await open(large, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    const heights = await page.evaluate(() =>
      [...document.querySelectorAll('select, input, button:not([hidden])')].map(
        (control) => control.getBoundingClientRect().height,
      ),
    );
    assert.ok(
      heights.every((height) => height >= 44),
      heights.join(' '),
    );
  });

  for (const colorScheme of ['light', 'dark'] as const)
    it(`has a contrast of at least 4.5 for every text, ${colorScheme}`, async () => {
      const { page } = await open(small, { colorScheme });
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(paper === 'rgb(255, 255, 255)', colorScheme === 'light');
      const ratios = await page.evaluate(contrastRatios);
      assert.ok(ratios.length > 100);
      assert.deepEqual(
        ratios.filter(({ ratio }) => ratio < 4.5),
        [],
      );
    });

  it('prints on white without controls, and no table is cut off at the side', async () => {
    const { page } = await open(large, { colorScheme: 'dark', viewport: { width: 688, height: 1000 } }); // A4 less margins
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const found = await page.evaluate(() => ({
      paper: getComputedStyle(document.body).backgroundColor,
      controls: getComputedStyle(document.getElementById('controls')!).display,
      width: Math.max(...[...document.querySelectorAll('table.results')].map((table) => table.scrollWidth)),
    }));
    assert.deepEqual([found.paper, found.controls], ['rgb(255, 255, 255)', 'none']);
    assert.ok(found.width <= 688, `${found.width} pixels`);
  });
});

const focused = (page: Page) => page.evaluate(() => document.activeElement!.textContent);

/** How much slower than a usual laptop this machine is: a fixed piece of work takes such a one 60 ms. */
function slowness(): number {
  const began = process.cpuUsage().user;
  let sum = 0;
  for (let count = 0; count < 3e7; count++) sum += Math.sqrt(count);
  return Math.max(1, (process.cpuUsage().user - began) / 60_000, sum * 0);
}
