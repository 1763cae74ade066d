/**
 * Run by hand: `node --import tsx test/docs/takePictures.ts REPORT COMPARISON` photographs two report.html, the top of a run's
 * and the differences of a comparison's, into docs/pictures/. Those there are of the demonstration: `npm run train -- --base demo --run tuned`, and
 * `npm run compare -- base-demo tuned`, where checkpoints/evaluations/base-demo holds the scores of `--model base:demo`.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { chromiumPath } from '../browser/chromiumPath.js';

const [report, comparison] = process.argv.slice(2);
if (report === undefined || comparison === undefined)
  throw new Error('name the report of a run and that of a comparison');
const browser = await chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox'] });
for (const [name, file, part, height] of [
  ['report', report, '', 1150],
  ['comparison', comparison, '#tests', 900],
] as const) {
  const page = await browser.newPage({ viewport: { width: 900, height }, colorScheme: 'light' });
  await page.goto(`${pathToFileURL(resolve(file)).href}${part}`);
  const picture = await page.screenshot();
  // Few colours: a page of text and bars is then a third as large.
  const small = await sharp(picture).png({ palette: true, colours: 32, effort: 10 }).toBuffer();
  writeFileSync(fileURLToPath(new URL(`../../docs/pictures/${name}.png`, import.meta.url)), small);
}
await browser.close();
