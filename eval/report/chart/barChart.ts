import type { Html } from '../page/html.js';
import { drawChart, fontSize, ink, seriesColour } from './chart.js';

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
  return drawChart(id, description, 4 + 42 * bars.length, {
    grid: { left: 1, right: 60, top: 12, bottom: 0 },
    xAxis: { type: 'value', min: 0, max: largest || 1, show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLabel: { color: ink, fontSize, inside: true, margin: 0, verticalAlign: 'bottom', padding: [0, 0, 11, 0] },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: 'bar',
        silent: true,
        barWidth: 14,
        data: bars.map(({ value, place }) => ({ value, itemStyle: { color: seriesColour(place) } })),
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
