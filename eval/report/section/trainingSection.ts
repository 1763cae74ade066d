import { html, type Html } from '../page/html.js';
import type { ScoreCurve, TrainingStep } from '../../score/reportData.js';
import { short } from '../page/formats.js';
import { lineChart } from '../chart/lineChart.js';

export interface DrawnCurve {
  name: string;
  place: number;
  steps: readonly TrainingStep[];
  isPublished?: boolean;
}

const charts = [
  { field: 'loss', id: 'loss', title: 'Loss, nats' },
  { field: 'gradNorm', id: 'norm', title: 'Gradient norm before clipping' },
  { field: 'learningRate', id: 'rate', title: 'Learning rate' },
] as const;

/**
 * Training curves over one another. Where one is over twice as long as another, the axis is each run's own share.
 * @param scores  of the first of them while it was trained
 */
export function trainingSection(curves: readonly DrawnCurve[], scores: readonly ScoreCurve[] = []): Html {
  const lengths = curves.map(({ steps }) => steps.at(-1)!.step);
  const isShare = Math.max(...lengths) > 2 * Math.min(...lengths);
  const published = curves.filter(({ isPublished }) => isPublished);
  return html`${
      published.length === 0
        ? null
        : html`<p>
            Thin dotted lines are published by others:
            ${published.map(({ name }) => name).join(', ')}.${
              isShare ? ' The runs are of unequal length: the axis is the share of its updates that each has made.' : ''
            }
          </p>`
    }
    <div class="charts">
      ${charts.flatMap((chart) => figure(chart, curves, isShare) ?? [])}
      ${scores.map((curve, index) => scoreFigure(curve, index, curves[0]!))}
    </div>`;
}

function scoreFigure({ scoredOn, metric, points }: ScoreCurve, number: number, { name, place }: DrawnCurve): Html {
  const title = `${metric} while training on ${scoredOn}`;
  const told = points.map(([step, value]) => `${short(value)} after ${step}`).join(', ');
  return html`<figure>
    <figcaption>${title}</figcaption>
    ${lineChart(`scores-${number}`, `${title}, by update: ${told}`, 'update', [{ name, place, points }])}
  </figure>`;
}

function figure(
  { field, id, title }: (typeof charts)[number],
  curves: readonly DrawnCurve[],
  isShare: boolean,
): Html | undefined {
  const lines = curves.flatMap(({ name, place, steps, isPublished = false }) => {
    const last = steps.at(-1)!.step;
    const points = steps.flatMap((step): [number, number][] => {
      const value = step[field];
      return value === undefined || !Number.isFinite(value)
        ? []
        : [[isShare ? (100 * step.step) / last : step.step, value]];
    });
    const smooth = field === 'learningRate' ? points : runningMeans(points);
    return points.length === 0 ? [] : [{ name, place, points: smooth, isBackground: isPublished }];
  });
  if (lines.length === 0) return undefined;
  const ends = lines.map(({ name, points }) => `${name} from ${short(points[0]![1])} to ${short(points.at(-1)![1])}`);
  const axis = isShare ? '% of the updates' : 'update';
  return html`<figure>
    <figcaption>${title}</figcaption>
    ${lineChart(id, `${title} by update: ${ends.join(', ')}`, axis, lines, isWide(field, lines) ? 'logarithmic' : 'fitted')}
  </figure>`;
}

/** A loss that falls far hides its end on a plain axis. */
function isWide(field: string, curves: readonly { points: [number, number][] }[]): boolean {
  const values = curves.flatMap(({ points }) => points.map(([, value]) => value));
  return field === 'loss' && Math.min(...values) > 0 && Math.max(...values) > 4 * Math.min(...values);
}

/** Each value as the mean of those about it, a fiftieth of a long curve; a short one as it is. */
function runningMeans(points: [number, number][]): [number, number][] {
  const half = Math.floor(points.length / smoothing / 2);
  return points.map(([x], index) => {
    const about = points.slice(Math.max(0, index - half), index + half + 1);
    return [x, about.reduce((sum, [, value]) => sum + value, 0) / about.length];
  });
}

/** Curves of fewer than twice as many points are drawn as they are. */
const smoothing = 50;
