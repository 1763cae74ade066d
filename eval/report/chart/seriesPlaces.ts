/**
 * Which of the page's series colours each model has: base, tuned and BM25 the same in every report, others in turn.
 * @param models  distinct names, in the order in which colours are given out
 */
export function seriesPlaces(models: readonly string[]): Map<string, number> {
  const others = models.filter((model) => !fixed.has(model));
  const free = forOthers.filter((place) => place !== fixed.get('tuned') || !models.includes('tuned'));
  return new Map(models.map((model) => [model, fixed.get(model) ?? free[others.indexOf(model) % free.length]!]));
}

const fixed = new Map([
  ['base', 0],
  ['tuned', 1],
  ['BM25', 2],
]);
/** Neither the pale colour of a base nor that of BM25. */
const forOthers = [1, 3, 4, 5, 6, 7, 8, 9];
