/** Keeps the best few of many scored rows. */
export interface TopRows {
  offer(row: number, score: number): void;
  /** Offer rows `firstRow`, `firstRow + 1`, ... with the scores from `begin` up to `end`. */
  offerAll(firstRow: number, scores: Float32Array, begin: number, end: number): void;
  /** @returns the rows kept, best first, and forgets them */
  take(): { row: number; score: number }[];
}

/**
 * A heap with the worst row kept on top, so that most rows cost one comparison.
 * @param depth  rows to keep; of two with equal scores the lower row is better
 */
export function topRows(depth: number): TopRows {
  const rows = new Uint32Array(depth);
  const scores = new Float32Array(depth);
  let size = 0;

  const better = (score: number, row: number, place: number) =>
    score > scores[place]! || (score === scores[place]! && row < rows[place]!);
  const put = (place: number, row: number, score: number) => {
    rows[place] = row;
    scores[place] = score;
  };

  const rise = (row: number, score: number) => {
    let place = size++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (better(score, row, parent)) break;
      put(place, rows[parent]!, scores[parent]!);
      place = parent;
    }
    put(place, row, score);
  };
  const sink = (row: number, score: number) => {
    let place = 0;
    for (let child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && better(scores[child]!, rows[child]!, child + 1)) child++;
      if (!better(score, row, child)) break;
      put(place, rows[child]!, scores[child]!);
      place = child;
    }
    put(place, row, score);
  };
  const offer = (row: number, score: number) => {
    if (size < depth) rise(row, score);
    else if (depth > 0 && better(score, row, 0)) sink(row, score);
  };

  return {
    offer,
    offerAll(firstRow, values, begin, end) {
      let threshold = size < depth ? -Infinity : (scores[0] ?? Infinity);
      for (let at = begin; at < end; at++) {
        // Not the other way round: what is not a number must reach the refusal.
        if (values[at]! < threshold) continue;
        if (Number.isNaN(values[at])) throw new Error(`the score of row ${firstRow + at - begin} is not a number`);
        offer(firstRow + at - begin, values[at]!);
        if (size === depth) threshold = scores[0] ?? Infinity;
      }
    },
    take() {
      const kept = Array.from({ length: size }, (_, index) => ({ row: rows[index]!, score: scores[index]! }));
      size = 0;
      return kept.sort((one, two) => two.score - one.score || one.row - two.row);
    },
  };
}
