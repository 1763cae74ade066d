/** Texts of like length that attention takes in one call, and where their tokens lie among the packed rows. */
export interface AttentionSlice {
  texts: number;
  time: number;
  /** Of each text's places their row, [texts, time]; 0 behind the end of a text. */
  rows: Int32Array;
  /** [texts]; 0 where there is none. */
  lengths: Int32Array;
}

/** Tokens, padding included, that one call attends to, where no text is longer. */
const sliceTokens = 4096;

/**
 * Cut packed texts into slices of few shapes.
 * @param lengths  of the texts, which lie one behind the other
 * @param rows     of the chunk, those behind the last text included; no slice has more places
 * @returns  the slices, and the place of each row where their places lie one behind the other; for a row of no text the
 *   place behind the last
 */
export function attentionSlices(
  lengths: readonly number[],
  rows: number,
): { slices: AttentionSlice[]; placeOfRow: Int32Array } {
  const byTime = new Map<number, { start: number; length: number }[]>();
  let start = 0;
  for (const length of lengths) {
    const time = timeFor(length);
    byTime.set(time, [...(byTime.get(time) ?? []), { start, length }]);
    start += length;
  }
  const slices: AttentionSlice[] = [];
  const placeOfRow = new Int32Array(rows).fill(-1);
  let before = 0;
  for (const [time, texts] of byTime) {
    const atOnce = textsAtOnce(time, rows);
    for (let first = 0; first < texts.length; first += atOnce) {
      const slice = emptySlice(atOnce, time);
      texts.slice(first, first + atOnce).forEach(({ start, length }, text) => {
        slice.lengths[text] = length;
        for (let token = 0; token < length; token++) {
          slice.rows[text * time + token] = start + token;
          placeOfRow[start + token] = before + text * time + token;
        }
      });
      slices.push(slice);
      before += atOnce * time;
    }
  }
  return { slices, placeOfRow: placeOfRow.map((place) => (place < 0 ? before : place)) };
}

/**
 * Slices at their largest.
 * @param longest  tokens of the longest text
 * @param rows     of the chunk
 * @returns the shape of those of the longest texts, and places that all together have at most: to their time texts of 16
 *   tokens and more are filled up to less than twice, and of each time one slice may be all but empty
 */
export function largestSlices(longest: number, rows: number): { texts: number; time: number; places: number } {
  const time = timeFor(longest);
  const times = new Set(Array.from({ length: longest }, (_, shorter) => timeFor(shorter + 1)));
  const filled = [...times].reduce((sum, time) => sum + textsAtOnce(time, rows) * time, 2 * rows);
  return { texts: textsAtOnce(time, rows), time, places: filled };
}

const textsAtOnce = (time: number, rows: number) => Math.max(1, Math.floor(Math.min(sliceTokens, rows) / time));

const emptySlice = (texts: number, time: number): AttentionSlice => ({
  ...{ texts, time },
  rows: new Int32Array(texts * time),
  lengths: new Int32Array(texts),
});

/** Powers of two, and from 64 on halves between them. */
function timeFor(length: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(16, length)));
  return power > 64 && length <= 0.75 * power ? 0.75 * power : power;
}
