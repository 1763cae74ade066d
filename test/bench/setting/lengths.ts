/**
 * Tokens of MS MARCO texts under the study's contract (prefix and EOS included, queries cut to 32, passages to 156), as
 * 41 quantiles from the shortest to the longest. Counted with the tokenizer of Qwen2.5 over the 6,980 queries of the
 * dev subset and 10,002 passages of the TREC DL 2019/20 pools.
 */
export const lengthQuantiles = {
  query: [
    5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 12, 12, 12,
    12, 13, 13, 14, 15, 16, 32,
  ],
  passage: [
    18, 41, 46, 50, 53, 55, 57, 58, 60, 62, 63, 64, 66, 67, 68, 70, 71, 72, 74, 75, 77, 79, 81, 83, 85, 88, 91, 94, 98,
    102, 106, 110, 115, 120, 125, 130, 136, 143, 154, 156, 156,
  ],
} as const;

/**
 * Lengths with the distribution that the quantiles describe, straight between one and the next.
 * @param random  gives numbers in [0, 1)
 */
export function sampleLengths(quantiles: readonly number[], count: number, random: () => number): number[] {
  return Array.from({ length: count }, () => {
    const place = random() * (quantiles.length - 1);
    const below = Math.floor(place);
    const [from, to] = [quantiles[below]!, quantiles[below + 1]!];
    return Math.round(from + (to - from) * (place - below));
  });
}
