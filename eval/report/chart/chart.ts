import { createRequire } from 'node:module';
import type { EChartsOption } from 'echarts';
import { Html } from '../page/html.js';

/** Width of every chart in its own units; the page scales it. */
export const chartWidth = 420;
export const fontSize = 13;
/** Width of a character, in parts of the font size, in the widest of the fonts that readers may have. */
const widestMean = 0.6;

/** Colours that stand for variables of the page until the SVG is written; echarts takes no variables. */
const stand = (code: number) => `#01fe${code.toString(16).padStart(2, '0')}`;
export const [ink, faint, line, paper] = [stand(0xf0), stand(0xf1), stand(0xf2), stand(0xf3)] as const;
export const seriesColour = (place: number) => stand(place % 10);
const variables = new Map<string, string>([
  [ink, '--ink'],
  [faint, '--faint'],
  [line, '--line'],
  [paper, '--paper'],
  ...Array.from({ length: 10 }, (_, index) => [seriesColour(index), `--series-${index}`] as const),
]);

/** How wide a text is drawn at most. */
export const textWidth = (text: string) => text.length * widestMean * fontSize;

/**
 * Draw a chart as an inline SVG whose colours follow the page's variables `--ink`, `--faint`, `--line`, `--paper` and
 * `--series-0` to `--series-9`.
 * @param id           unique on the page
 * @param description  what a reader who cannot see it is told
 */
export function drawChart(id: string, description: string, height: number, option: EChartsOption): Html {
  // One file: loads in a third of the time of echarts' hundreds of modules, and only when a chart is drawn.
  const echarts = createRequire(import.meta.url)('echarts') as typeof import('echarts');
  echarts.setPlatformAPI({ measureText: (text) => ({ width: textWidth(text) }) });
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: chartWidth, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
    return new Html(inlineSvg(chart.renderToSVGString(), id, description));
  } finally {
    chart.dispose(); // an open chart keeps the process alive
  }
}

/** An axis of numbers below the chart. */
export const valueAxis = (name: string): EChartsOption['xAxis'] & object => ({
  type: 'value',
  name,
  nameLocation: 'middle',
  nameGap: 28,
  nameTextStyle: { color: faint, fontSize },
  axisLabel: { color: faint, fontSize, hideOverlap: true, formatter: (value: number) => shortNumber(value) },
  axisLine: { lineStyle: { color: line } },
  splitLine: { show: false },
});

export const shortNumber = (value: number) =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(Number(value.toPrecision(6)));

/** Leave out what serves a mouse, name the parts after this chart, put the page's variables in. */
function inlineSvg(svg: string, id: string, description: string): string {
  const label = description.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class|ecmeta_\w+|pointer-events|xmlns:xlink|version|baseProfile)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/#01fe[0-9a-f]{2}/g, (colour) => `var(${variables.get(colour)})`)
    .replace(/^<svg width="\d+" height="\d+"/, `<svg role="img" aria-label="${label}"`);
}
