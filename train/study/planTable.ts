import { describeState } from './cellState.js';
import { describeEmbeddings } from './planEmbeddings.js';
import type { PlannedCell, StudyPlan } from './planStudy.js';

/** A plan as aligned lines for the screen: a row a cell, then what must be made or fetched, and the totals. */
export function planTable(plan: StudyPlan): string {
  const rows = plan.cells.map(({ cell, state, memoryBytes, isTooLarge, trainingSeconds, scoringSeconds }) => [
    cell.base?.named.name ?? cell.name,
    cell.setting?.name ?? '',
    cell.seed === undefined ? '' : String(cell.seed),
    describeState(state),
    memoryBytes === undefined ? '-' : `${gigabytes(memoryBytes)}${isTooLarge ? ' !' : '  '}`,
    cell.kind === 'trained' ? time(trainingSeconds) : '',
    time(scoringSeconds),
  ]);
  const heads = ['base', 'setting', 'seed', 'state', 'memory  ', 'training', 'scoring'];
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((text, column) => (column < 4 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(heads), ...rows.map(line), '', ...totals(plan)].join('\n');
}

const time = (seconds: number | undefined): string => (seconds === undefined ? '-' : duration(seconds));

/** Seconds in the units that suit them. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = seconds / 3600;
  return hours < 100 ? `${hours.toFixed(1)} h` : `${thousands(Math.round(hours))} h`;
}

function totals(plan: StudyPlan): string[] {
  const { cells, toMake, makingSeconds, downloads, missingTasks, missingData, embeddings, speed, problems } = plan;
  const open = cells.filter(({ state }) => state.kind !== 'done');
  const isKnown = (cell: PlannedCell) => cell.trainingSeconds !== undefined && cell.scoringSeconds !== undefined;
  const unknown = open.filter((cell) => !isKnown(cell));
  const seconds =
    makingSeconds +
    sumOf(open.flatMap(({ trainingSeconds, scoringSeconds }) => [trainingSeconds ?? 0, scoringSeconds ?? 0]));
  const notCounted = unknown.length === 0 ? '' : `; ${unknown.map(({ cell }) => cell.name).join(', ')} not counted`;
  const largest = Math.max(...cells.map(({ memoryBytes }) => memoryBytes ?? 0));
  const tooLarge = cells.filter(({ isTooLarge }) => isTooLarge);
  const known = downloads.filter(({ bytes }) => Number.isFinite(bytes));
  return [
    `cells     ${cells.length - open.length} of ${cells.length} done`,
    ...(toMake.length > 0 ? [`to make   ${toMake.join(', ')}: ${duration(makingSeconds)}`] : []),
    ...(downloads.length > 0
      ? [
          `download  ${downloads.map(({ name }) => name).join(', ')}: ${gigabytes(sumOf(known.map(({ bytes }) => bytes)))}`,
        ]
      : []),
    ...(missingData.length > 0 ? [`data      not here: ${missingData.join(', ')}`] : []),
    ...(missingTasks.length > 0 ? [`tasks     not here: ${setsOf(missingTasks)}`] : []),
    ...(largest > 0
      ? [`memory    up to ${gigabytes(largest)}${tooLarge.length > 0 ? '; ! more than is free here' : ''}`]
      : []),
    ...(embeddings ? [`kept      ${describeEmbeddings(embeddings, gigabytes)}`] : []),
    `time      ${duration(seconds)}${notCounted}`,
    `speed     ${speed}`,
    ...problems.map((problem) => `problem   ${problem}`),
  ];
}

/** Parts of one task by the name of the whole. */
const setsOf = (tasks: readonly string[]): string => [...new Set(tasks.map((task) => task.split('/')[0]!))].join(', ');

/** A plan for other programs. */
export const planJson = ({ cells, ...rest }: StudyPlan) => ({
  cells: cells.map(({ cell, state, memoryBytes, isTooLarge, trainingSeconds, scoringSeconds }: PlannedCell) => ({
    name: cell.name,
    base: cell.base?.named.name ?? null,
    setting: cell.setting?.name ?? null,
    seed: cell.seed ?? null,
    state,
    memoryBytes: memoryBytes ?? null,
    isTooLarge,
    trainingSeconds: trainingSeconds ?? null,
    scoringSeconds: scoringSeconds ?? null,
  })),
  ...rest,
});

const gigabytes = (bytes: number): string => `${thousands(Number((bytes / 1e9).toFixed(1)))} GB`;
const thousands = (count: number): string => count.toLocaleString('en-US');
const sumOf = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
