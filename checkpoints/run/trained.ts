import { createHash } from 'node:crypto';
import type { Contract } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';

/** What a run was told beside its base, as its config.yaml says. */
export interface Told {
  settings: RunConfig;
  /** Training files. */
  data: readonly string[];
  /** What each file held; older runs lack it. */
  identities?: readonly string[] | undefined;
  /** How often the rows of each file come in an epoch; once where absent. */
  weights?: readonly number[] | undefined;
  /** Rows of all of them together. */
  rows: number;
  updates: number;
  /** What training started from, beside the base. */
  adapter?: string | undefined;
  /** What that held; older runs lack it. */
  adapterHash?: string | undefined;
}

/** What changes how long a run takes or what it leaves behind, never what it computes. */
const settingsWithoutEffect: ReadonlySet<string> = new Set([
  'training.datasets', // the files that they became count, by what these hold
  'training.chunkTokens',
  'training.memoryMegabytes',
  'training.tokenizerThreads',
  'training.saveEverySteps',
  'training.keepStates',
  'evaluation.tasks',
  'evaluation.tasksDir',
  'evaluation.batchTokens',
]);

/** What is scored while training decides what a run gives only where the best state is kept. */
const settingsOfScoring: ReadonlySet<string> = new Set([
  'evaluation.everySteps',
  'evaluation.duringTasks',
  'evaluation.sampleQueries',
  'evaluation.sampleDocuments',
  'training.keepBest',
]);

/** All that decides what a run learns from its base, by the name of the field. Files are known by name and content. */
export function trainedFields({ settings, data, identities, weights, rows, updates, adapter, adapterHash }: Told) {
  const names = data.map((file) => file.split(/[\\/]/).at(-1)!);
  const fields = leaves({ data: identities ?? names, rows, updates, ...settings });
  const isScored = settings.training.keepBest === true;
  // How images are read, and whether that is learned, is told by the contract, where any are.
  const hasEffect = (field: string, value: unknown) =>
    !settingsWithoutEffect.has(field) &&
    !field.startsWith('image.') &&
    field !== 'lora.tower' &&
    (isScored || !settingsOfScoring.has(field)) &&
    // Which was all there was when older runs were made.
    !(field === 'training.gradientShare' && value === 1);
  return new Map<string, unknown>([
    ...fields.filter(([field, value]) => hasEffect(field, value)),
    ['data weights', data.map((_, file) => weights?.[file] ?? 1)],
    ['adapter to start from', adapterHash ?? adapter ?? 'none'],
  ]);
}

/**
 * SHA-256, hexadecimal, of what was trained: base, data, settings and contract. Runs that have it in common are
 * measurements of one model, each under a seed of its own. The engine is no part of it: what it decides is the arithmetic,
 * and that stands in the contract, its precision and how it multiplies float32. Within one arithmetic engines, cards and
 * processors differ in how sums are rounded; that parts two runs of one seed as another order of its data would, with the
 * same spread about the same mean, and is part of what several seeds measure. Runs of one seed are never taken for two.
 */
export function trainedHash(told: Told & { base: { weightsHash: string } }, contract: Contract): string {
  const fields = [...trainedFields(told)].filter(([field]) => field !== 'seed' && !field.startsWith('contract.'));
  const sorted = [...fields, ...Object.entries(contract)].sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([told.base.weightsHash, sorted]))
    .digest('hex');
}

function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}
