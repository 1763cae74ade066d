import type { Html } from '../page/html.js';
import { drawChart, faint, fontSize, ink, line, seriesColour, shortNumber, valueAxis } from './chart.js';

/** Points with their names beside them. */
export function scatterChart(
  id: string,
  description: string,
  [xName, yName]: [string, string],
  points: readonly { name: string; x: number; y: number; place: number }[],
): Html {
  const xs = points.map(({ x }) => x);
  return drawChart(id, description, 280, {
    grid: { left: 8, right: 24, top: 30, bottom: 30, containLabel: true },
    xAxis: { ...valueAxis(xName), scale: true, boundaryGap: ['30%', '30%'] } as object,
    yAxis: {
      type: 'value',
      scale: true,
      boundaryGap: ['20%', '20%'],
      name: yName,
      nameTextStyle: { color: faint, fontSize, align: 'left' },
      axisLabel: { color: faint, fontSize, formatter: (value: number) => shortNumber(value) },
      splitLine: { lineStyle: { color: line } },
    },
    series: points.map(({ name, x, y, place }) => ({
      type: 'scatter',
      name,
      silent: true,
      symbolSize: 11,
      symbol: symbols[place % symbols.length]!,
      itemStyle: { color: seriesColour(place), opacity: 1 },
      data: [[x, y]],
      label: {
        show: true,
        color: ink,
        fontSize,
        // A name goes to the side where there is room for it.
        position: x > (Math.max(...xs) + Math.min(...xs)) / 2 ? ('left' as const) : ('right' as const),
        formatter: name,
      },
      labelLayout: { moveOverlap: 'shiftY' as const },
    })),
  });
}

const symbols = ['circle', 'rect', 'diamond', 'triangle', 'roundRect', 'pin', 'arrow'];
