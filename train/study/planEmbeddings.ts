import { statfsSync } from 'node:fs';
import type { BaseShape } from '../../configs/load/baseFile.js';
import type { RunConfig } from '../../configs/schema.js';
import { formatBytes, formatFor } from '../../eval/dense/vectorFormat.js';
import type { Task } from '../../eval/tasks/task.js';
import { taskSize } from './taskSizes.js';

/** What keeping embeddings takes on the disk, in bytes. */
export interface PlannedEmbeddings {
  /** Of the largest corpus of one model. Where that has no room, nothing of it is kept. */
  largest: number;
  /** Of all models and tasks. */
  all: number;
  /** The lowest limit among the models. */
  limit: number;
  diskFree: number;
}

/** A model whose embeddings are to be kept. */
export interface EmbeddingModel {
  shape: BaseShape;
  config: RunConfig;
}

/** @returns undefined where nothing is to be encoded or the size of a task is not known */
export async function planEmbeddings(
  models: readonly EmbeddingModel[],
  tasks: readonly Task[],
): Promise<PlannedEmbeddings | undefined> {
  const sizes = new Map<string, { documents: number; queries: number }>();
  for (const task of tasks) {
    const size = await taskSize(task);
    if (!size) return undefined;
    const { queries } = sizes.get(task.folder) ?? { queries: 0 };
    sizes.set(task.folder, { documents: size.documents, queries: queries + size.queries });
  }
  if (models.length === 0 || sizes.size === 0) return undefined;
  const bytes = models.flatMap(({ shape, config }) => {
    const each = shape.hidden * formatBytes(formatFor(config.contract.precision));
    return [...sizes.values()].map(({ documents, queries }) => (documents + queries) * each);
  });
  const { bavail, bsize } = statfsSync('.');
  return {
    largest: Math.max(...bytes),
    all: bytes.reduce((sum, count) => sum + count, 0),
    limit: 1e9 * Math.min(...models.map(({ config }) => config.evaluation.cacheGigabytes)),
    diskFree: bavail * bsize,
  };
}

/** Whether all fits below the limit, in words. */
export function describeEmbeddings(
  { largest, all, limit, diskFree }: PlannedEmbeddings,
  gigabytes: (bytes: number) => string,
): string {
  const room = Math.min(limit, diskFree);
  const what = limit <= diskFree ? `the limit of ${gigabytes(limit)}` : `the free disk of ${gigabytes(diskFree)}`;
  if (all <= room) return `embeddings, ${gigabytes(all)}`;
  const sizes = `embeddings, ${gigabytes(all)}, up to ${gigabytes(largest)} of one corpus`;
  if (largest <= room) return `${sizes}; ${what} holds those used last`;
  const remedy = limit <= diskFree ? 'raise evaluation.cacheGigabytes' : 'free space';
  return `${sizes}; ! ${what} is too small to keep that: ${remedy}, or scoring begins anew when it is interrupted`;
}
