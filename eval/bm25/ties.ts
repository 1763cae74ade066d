import { compareBytes, inTrecOrder, type Ranking } from '../measure/ranking.js';
import type { TopRows } from '../measure/topRows.js';

/**
 * Order hits and change their scores as Anserini's run files have them: the lower id first among equal scores, which are
 * then rounded to 1e-4, the n-th further document of an equal score lowered by n times 1e-6 in 32-bit floats, and printed
 * with six decimals. Above 16 neighbouring floats lie further apart than that: a step can round away, and trec_eval's own
 * order, the higher id first, then decides. Source: Anserini's `ScoreTiesAdjusterReranker`; trec_eval 9.0 form_res_rels.c.
 * @returns as trec_eval orders them, with the scores that it reads
 */
export function inAnseriniOrder<T extends Ranking[number]>(hits: readonly T[]): T[] {
  let before = Infinity;
  let further = 0;
  const printed = hits
    .map((hit) => ({ ...hit, score: fround(hit.score) }))
    .sort((one, two) => two.score - one.score || compareBytes(one.id, two.id))
    .map((hit) => {
      const rounded = fround(Math.floor(fround(hit.score * 1e4) + 0.5) / 1e4);
      // The one before is already lowered: a step of 1e-4 or less counts as equal.
      further = fround(before - rounded) > smallestStep ? 0 : further + 1;
      before = fround(rounded - fround(tieStep * further));
      return { ...hit, score: Number(before.toFixed(6)) };
    });
  return inTrecOrder(printed);
}

/**
 * Offer the rows of a query to a heap that keeps some of them.
 * @param touched  rows, of which the first `count` are meant
 * @returns the best, best first; of those with the score of the last one kept, the ones with the lowest ids
 */
export function bestRows(
  top: TopRows,
  touched: Uint32Array,
  count: number,
  scores: Float64Array,
  idOf: (row: number) => string,
): { row: number; score: number }[] {
  for (let at = 0; at < count; at++) top.offer(touched[at]!, fround(scores[touched[at]!]!));
  const kept = top.take();
  const last = kept.at(-1)?.score;
  if (kept.length === count || last === undefined) return kept;
  const tied: { row: number; id: string; score: number }[] = [];
  for (let at = 0; at < count; at++) {
    const row = touched[at]!;
    if (fround(scores[row]!) === last) tied.push({ row, id: idOf(row), score: last });
  }
  const better = kept.filter(({ score }) => score > last);
  const chosen = tied.sort((one, two) => compareBytes(one.id, two.id)).slice(0, kept.length - better.length);
  return [...better, ...chosen.map(({ row, score }) => ({ row, score }))];
}

const { fround } = Math;
const smallestStep = fround(1e-4);
const tieStep = fround(1e-6);
