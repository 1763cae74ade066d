import type { CustomSeriesRenderItemReturn } from 'echarts';
import type { Html } from '../page/html.js';
import { drawChart, faint, fontSize, ink, line, paper, seriesColour, valueAxis } from './chart.js';

export interface ForestRow {
  name: string;
  difference: number;
  low: number;
  high: number;
  /** Beyond chance: drawn full, else hollow. */
  isSure: boolean;
}

/**
 * For each row its name and difference and, below, the interval about it, with a line at 0.
 * @param range  ends of the axis, the same for charts that are to be compared
 */
export function forestChart(
  id: string,
  description: string,
  rows: readonly ForestRow[],
  range: { low: number; high: number },
  place: number,
): Html {
  const colour = seriesColour(place);
  const height = 4 + rowHeight * rows.length + 52;
  return drawChart(id, description, height, {
    grid: { left: 10, right: 14, top: 4, bottom: 52 },
    xAxis: {
      ...valueAxis('difference'),
      min: range.low,
      max: range.high,
      splitLine: { lineStyle: { color: line }, showMinLine: false, showMaxLine: false },
    },
    yAxis: { type: 'value', inverse: true, min: 0, max: rows.length, show: false },
    series: [
      {
        type: 'custom',
        silent: true,
        data: rows.map(({ difference, low, high }, row) => [difference, row, low, high]),
        renderItem: (_, api): CustomSeriesRenderItemReturn => {
          const row = Number(api.value(1));
          const { name, difference, isSure } = rows[row]!;
          const [x, top] = api.coord([difference, row]) as [number, number];
          const [low] = api.coord([api.value(2), row]) as [number, number];
          const [high] = api.coord([api.value(3), row]) as [number, number];
          const [zero] = api.coord([0, row]) as [number, number];
          const [left] = api.coord([range.low, row]) as [number, number];
          const [right] = api.coord([range.high, row]) as [number, number];
          const y = top + 27;
          const stroke = { stroke: colour, lineWidth: 2 };
          const segment = (x1: number, y1: number, x2: number, y2: number, style: object) =>
            ({ type: 'line', shape: { x1, y1, x2, y2 }, style }) as const;
          const text = (at: number, align: 'left' | 'right', words: string) =>
            ({
              type: 'text',
              style: { x: at, y: top + 4, text: words, fill: ink, fontSize, fontFamily: 'inherit', align },
            }) as const;
          const mark = isSure ? (difference > 0 ? ' ▲' : ' ▼') : '';
          return {
            type: 'group',
            children: [
              segment(zero, top + 20, zero, top + rowHeight, { stroke: faint, lineWidth: 1 }),
              segment(low, y, high, y, stroke),
              segment(low, y - 4, low, y + 4, stroke),
              segment(high, y - 4, high, y + 4, stroke),
              { type: 'circle', shape: { cx: x, cy: y, r: 4.5 }, style: { ...stroke, fill: isSure ? colour : paper } },
              text(left, 'left', name),
              text(right, 'right', `${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(4)}${mark}`),
            ],
          };
        },
      },
    ],
  });
}

const rowHeight = 36;
