import type { Html } from '../page/html.js';
import {
  chartWidth,
  drawChart,
  faint,
  fontSize,
  ink,
  line,
  seriesColour,
  shortNumber,
  textWidth,
  valueAxis,
} from './chart.js';

export interface ChartCurve {
  name: string;
  /** Which of the page's series colours it has. */
  place: number;
  points: [x: number, y: number][];
  /** Drawn thin, behind the others. */
  isBackground?: boolean;
}

/**
 * Curves over a common axis, told apart by colour and by their dashes.
 * @param id           unique on the page
 * @param description  what a reader who cannot see it is told
 * @param upright  the upright axis: about the values, in doublings of values above 0, or from zero on
 */
export function lineChart(
  id: string,
  description: string,
  xName: string,
  curves: readonly ChartCurve[],
  upright: 'fitted' | 'logarithmic' | 'from zero' = 'fitted',
): Html {
  const top = curves.length > 1 ? 14 + legendHeight(curves.map(({ name }) => name)) : 14;
  return drawChart(id, description, 230 + top, {
    grid: { left: 8, right: 18, top, bottom: 30, containLabel: true },
    ...(curves.length > 1 && {
      legend: {
        type: 'plain',
        left: 0,
        top: 0,
        itemGap,
        itemWidth,
        itemStyle: { opacity: 0 },
        textStyle: { color: ink, fontSize },
      },
    }),
    xAxis: {
      ...valueAxis(xName),
      min: ({ min, max }: { min: number; max: number }) => (min < 0.02 * max ? 0 : min),
      max: 'dataMax',
    },
    yAxis: {
      type: upright === 'logarithmic' ? 'log' : 'value',
      scale: upright !== 'from zero',
      ...(upright === 'logarithmic' && { logBase: 2 }),
      axisLabel: { color: faint, fontSize, formatter: (value: number) => shortNumber(value) },
      splitLine: { lineStyle: { color: line } },
    },
    series: curves.map(({ name, place, points, isBackground = false }, order) => ({
      type: 'line',
      name,
      data: points,
      showSymbol: points.length === 1,
      symbol: points.length === 1 ? 'circle' : 'none',
      silent: true,
      sampling: 'lttb',
      z: isBackground ? 1 : 2,
      color: seriesColour(place),
      lineStyle: {
        color: seriesColour(place),
        width: isBackground ? 1 : 2,
        type: isBackground ? [1, 2] : (dashes[order % dashes.length] ?? 'solid'),
      },
    })),
  });
}

const dashes = ['solid', [9, 3], [4, 2], [9, 3, 2, 3], [2, 2], [14, 4]] as ('solid' | number[])[];
const [itemWidth, itemGap] = [30, 12];

/** Names stand side by side as long as they fit. */
function legendHeight(names: readonly string[]): number {
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const width = itemWidth + 5 + textWidth(name) + itemGap;
    if (used > 0 && used + width - itemGap > chartWidth) {
      rows++;
      used = 0;
    }
    used += width;
  }
  return rows * (fontSize + itemGap);
}
