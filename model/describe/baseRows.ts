import type { BaseDescription, FilesOnDisk } from './describeBase.js';
import { describePlan } from '../memory/memoryPlan.js';
import type { PageDescription } from './describePage.js';
import type { TensorNote, TensorReport } from '../load/tensorReport.js';

type Row = [name: string, value: string];

/**
 * A base's description as a table for people.
 * @param gflops  measured speed of matrix products, from which the time is estimated
 */
export function baseRows(base: BaseDescription, gflops: number): Row[] {
  const { hub, shape, parameters, operationsPerToken: operations } = base;
  const place = hub && `${hub.id}@${hub.commit ?? hub.revision}`;
  return [
    ['base', base.about === undefined ? base.name : `${base.name}: ${base.about}`],
    ...(place === undefined ? [] : [['hub', place] as Row]),
    ['folder', base.folder],
    ...(base.licence === undefined ? [] : [['licence', base.licence] as Row]),
    ...base.special.map((line): Row => ['special', line]),
    ['recipe', base.recipe],
    ...(shape ? [['shape', shapeLine(shape)] as Row] : []),
    ...(parameters
      ? [['numbers', `${millions(parameters.checkpoint)}, ${millions(parameters.trained)} trained`] as Row]
      : []),
    ['files', filesLine(base.files)],
    ['disk', `${gigabytes(base.diskFree)} free there`],
    ...(base.memory && shape ? [['memory', memoryLine(base.memory, shape.layers)] as Row] : []),
    ...(operations ? [['time', timeLine(operations, gflops)] as Row] : []),
    ...(base.page && shape ? pageRows(base.page, shape.layers, gflops) : []),
  ];
}

/** What becomes of each tensor: those that are not used one by one, the others as a count. */
export function tensorRows({ used, skipped, missing, refused }: TensorReport): Row[] {
  const notes = (what: string, list: TensorNote[]) => list.map(({ name, why }): Row => [what, `${name}: ${why}`]);
  return [
    ['used', `${used.length} tensors, ${used[0] ?? 'none'} to ${used.at(-1) ?? 'none'}`],
    ...notes('skipped', skipped),
    ...missing.map((name): Row => ['missing', name]),
    ...notes('refused', refused),
  ];
}

function shapeLine({
  layers,
  hidden,
  heads,
  kvHeads,
  headDim,
  intermediate,
  ...shape
}: NonNullable<BaseDescription['shape']>) {
  const parts = [
    `${layers} layers of ${hidden}`,
    `${heads} heads of ${headDim} over ${kvHeads}`,
    `${intermediate} within`,
    `${shape.vocabularyRows} rows${shape.tied ? ', which are the language head too' : ''}`,
    `rotary base ${shape.ropeTheta.toLocaleString('en-US')}`,
  ];
  return parts.join('; ');
}

function filesLine({ count, bytes, present, estimated, refused }: FilesOnDisk): string {
  if (refused !== undefined) return refused;
  const size = bytes > 0 ? gigabytes(bytes) : 'of unknown size';
  if (estimated !== undefined) return `about ${size} to download; ${estimated}`;
  const whole = `${count} files, ${size}`;
  if (present === bytes) return `${whole}, all here`;
  return present === 0 ? `${whole}, to download` : `${whole}, of which ${gigabytes(bytes - present)} are to download`;
}

function memoryLine(memory: NonNullable<BaseDescription['memory']>, layers: number): string {
  if ('needs' in memory) return `training needs at least ${gigabytes(memory.needs)}, more than is free here`;
  return `training by that recipe takes ${describePlan(memory, { layers })}`;
}

function timeLine({ training, encoding }: { training: number; encoding: number }, gflops: number): string {
  const perMillion = (operations: number) => duration((operations * 1e6) / (gflops * 1e9));
  return `about ${perMillion(training)} to train on a million tokens, ${perMillion(encoding)} to encode them, at the speed above`;
}

/** What images cost beside the texts alone of the rows above. */
function pageRows(
  { pixels, read, tokens, memory, operations }: PageDescription,
  layers: number,
  gflops: number,
): Row[] {
  const perThousand = (count: number) => duration((count * 1e3) / (gflops * 1e9));
  const size = ({ width, height }: PageDescription['read']) => `${width} x ${height}`;
  return [
    ['a page', `A4, ${size(pixels)} pixels, is read at ${size(read)}: ${tokens} tokens`],
    ['on pages', memoryLine(memory, layers)],
    [
      '',
      `about ${perThousand(operations.training)} to train on a thousand pages, ${perThousand(operations.encoding)} to encode them, at the speed above`,
    ],
  ];
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

const gigabytes = (bytes: number) =>
  bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
const millions = (count: number) => `${(count / 1e6).toFixed(1)} million`;
