import { createHash } from 'node:crypto';

/** What of a result says what it was judged on. */
export interface JudgedOn {
  /** Of corpus, queries and judgements. */
  taskHash: string;
  ignoreIdenticalIds: boolean;
  titles: 'use' | 'ignore';
}

/**
 * SHA-256, hexadecimal, of what a model was judged on: corpus, queries, judgements, and how titles and documents with the
 * query's own id count. Scores may be set beside each other where it is the same.
 */
export const judgedOn = ({ taskHash, ignoreIdenticalIds, titles }: JudgedOn): string =>
  createHash('sha256')
    .update(JSON.stringify([taskHash, ignoreIdenticalIds, titles]))
    .digest('hex');
