import { compare } from 'tercet';

/** On which tasks is a model shown to be better than a baseline, and by how much? Both were evaluated before. */
export async function betterOn(baseline: string, model: string, output: string) {
  const { comparison } = await compare({ runs: [baseline, model], output });
  return comparison.differences
    .filter(({ difference, pHolm }) => difference > 0 && pHolm < 0.05)
    .map(({ task, difference, low, high }) => ({ task, difference, low, high }));
}
