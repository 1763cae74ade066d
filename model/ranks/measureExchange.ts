import type { Collective } from '../engine/ranks/collective.js';
import { tf } from '../engine/tf.js';

/** How fast ranks exchange what training does. Seconds are of the middle of three rounds. */
export interface ExchangeSpeed {
  ranks: number;
  /** Bytes that each rank gives. */
  gatherBytes: number;
  gatherSeconds: number;
  sumBytes: number;
  sumSeconds: number;
  /** Bytes that cross each rank's link in a ring, a second: 2 (ranks - 1) / ranks of what is summed. */
  sumBytesPerSecond: number;
}

/** Embeddings of a rank of the study's recipe: of 8 ranks, each with 64 of 512 passages. */
const embeddings: [rows: number, columns: number] = [64, 3584];
/** Numbers that are summed, 100 MB, in buckets as gradients are. */
const [numbers, bucket] = [25e6, 5e6];
const rounds = 3;

/**
 * Gather embeddings and sum gradients over all ranks, as an update does, and see that every number is right.
 * @throws Error where one is not
 */
export function measureExchange(collective: Collective): ExchangeSpeed {
  const { rank, ranks } = collective.place;
  const rows = tf.fill<tf.Rank.R2>(embeddings, rank + 1);
  const gatherSeconds = medianSeconds(collective, () => {
    const gathered = collective.gather(rows);
    const first = gathered.slice([0, 0], [-1, 1]);
    const values = first.dataSync();
    tf.dispose([gathered, first]);
    const wrong = values.findIndex((value, row) => value !== Math.floor(row / embeddings[0]) + 1);
    if (wrong >= 0) throw new Error(`row ${wrong} of what was gathered is ${values[wrong]}`);
  });
  rows.dispose();

  const part = tf.fill<tf.Rank.R1>([bucket], rank + 1);
  const expected = (ranks * (ranks + 1)) / 2;
  const sumSeconds = medianSeconds(collective, () => {
    for (let done = 0; done < numbers; done += bucket) {
      const sum = collective.sum(part);
      const [least, largest] = [sum.min(), sum.max()];
      const [low, high] = [least.dataSync()[0], largest.dataSync()[0]];
      tf.dispose([sum, least, largest]);
      if (low !== expected || high !== expected) throw new Error(`a sum of ${expected} came out as ${low} to ${high}`);
    }
  });
  part.dispose();

  const bytes = { gatherBytes: 4 * embeddings[0] * embeddings[1], sumBytes: 4 * numbers };
  const crossing = (2 * (ranks - 1) * bytes.sumBytes) / ranks;
  return { ranks, ...bytes, gatherSeconds, sumSeconds, sumBytesPerSecond: crossing / sumSeconds };
}

/** The first round, in which buffers are made and connections opened, is not counted. */
function medianSeconds(collective: Collective, exchange: () => void): number {
  const seconds = Array.from({ length: rounds + 1 }, () => {
    collective.meet();
    const startMs = performance.now();
    exchange();
    return (performance.now() - startMs) / 1000;
  });
  return seconds.slice(1).sort((one, other) => one - other)[Math.floor(rounds / 2)]!;
}
