import { createRequire } from 'node:module';
import type { EChartsOption } from 'echarts';
import { Html } from './html.js';

export interface Curve {
  name: string;
  /** Which of the page's series colours it has. */
  place: number;
  points: [x: number, y: number][];
}

/**
 * Curves over a common axis, as an inline SVG whose colours follow the page's variables `--ink`, `--faint`, `--line`
 * and `--series-0` to `--series-7`.
 * @param id           unique on the page
 * @param description  what a reader who cannot see it is told
 */
export function lineChart(id: string, description: string, xName: string, curves: readonly Curve[]): Html {
  return draw(id, description, 280, {
    grid: { left: 12, right: 20, top: curves.length > 1 ? 40 : 16, bottom: 30, containLabel: true },
    ...(curves.length > 1 && { legend: { ...legend, data: curves.map(({ name }) => name) } }),
    xAxis: {
      type: 'value',
      name: xName,
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: { color: faint, fontSize },
      min: 'dataMin',
      max: 'dataMax',
      axisLabel: { color: faint, fontSize, hideOverlap: true },
      axisLine: { lineStyle: { color: line } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      axisLabel: { color: faint, fontSize, formatter: (value: number) => shortNumber(value) },
      splitLine: { lineStyle: { color: line } },
    },
    series: curves.map(({ name, place, points }) => ({
      type: 'line',
      name,
      data: points,
      showSymbol: points.length === 1,
      silent: true,
      sampling: 'lttb',
      color: series(place),
      lineStyle: { color: series(place), width: 2 },
    })),
  });
}

/**
 * For each model its name and, below, a horizontal bar with its value.
 * @param largest  where the longest bar of all charts beside this one ends
 */
export function barChart(
  id: string,
  description: string,
  bars: readonly { name: string; value: number; place: number }[],
  largest: number,
): Html {
  return draw(id, description, 4 + 46 * bars.length, {
    grid: { left: 1, right: 64, top: 12, bottom: 0 },
    xAxis: { type: 'value', min: 0, max: largest || 1, show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLabel: { color: ink, fontSize, inside: true, margin: 0, verticalAlign: 'bottom', padding: [0, 0, 13, 0] },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: 'bar',
        silent: true,
        barWidth: 16,
        data: bars.map(({ value, place }) => ({ value, itemStyle: { color: series(place) } })),
        label: {
          show: true,
          position: 'right',
          color: ink,
          fontSize,
          formatter: ({ value }) => Number(value).toFixed(4),
        },
      },
    ],
  });
}

const width = 520;
const fontSize = 14;
/** Width of a character, in parts of the font size, in the widest of the fonts that readers may have. */
const widestMean = 0.63;

/** Colours that stand for variables of the page until the SVG is written; echarts takes no variables. */
const stand = (code: number) => `#01fe${code.toString(16).padStart(2, '0')}`;
const [ink, faint, line] = [stand(0xf0), stand(0xf1), stand(0xf2)];
const series = (place: number) => stand(place % 8);
const variables = new Map([
  [ink, '--ink'],
  [faint, '--faint'],
  [line, '--line'],
  ...Array.from({ length: 8 }, (_, place) => [series(place), `--series-${place}`] as const),
]);

const legend: EChartsOption['legend'] = {
  type: 'plain',
  left: 0,
  top: 0,
  icon: 'roundRect',
  itemWidth: 14,
  itemHeight: 4,
  textStyle: { color: ink, fontSize },
};

function draw(id: string, description: string, height: number, option: EChartsOption): Html {
  // One file: loads in a third of the time of echarts' hundreds of modules, and only when a chart is drawn.
  const echarts = createRequire(import.meta.url)('echarts') as typeof import('echarts');
  echarts.setPlatformAPI({ measureText: (text) => ({ width: text.length * widestMean * fontSize }) });
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
    return new Html(inlineSvg(chart.renderToSVGString(), id, description));
  } finally {
    chart.dispose(); // an open chart keeps the process alive
  }
}

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

const shortNumber = (value: number) =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(Number(value.toPrecision(6)));
