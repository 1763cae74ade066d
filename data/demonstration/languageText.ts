import { seededRandom, shuffle } from '../random.js';
import { DOMAINS, type Domain } from './domainSource.js';
import { foldText } from '../example/foldText.js';
import { demonstrationPairs, domainSources } from './pairs.js';

/**
 * The documents that the demonstration's base model is pretrained on, in a fixed random order.
 * They hold the test passages as plain text, but without the sentences that became test queries: no document gives
 * away a pair.
 * @param sources  as `domainSources` gives them, for callers that have them already
 * @param domains  whose documents are wanted
 */
export async function languageText(sources = domainSources(), domains: readonly Domain[] = DOMAINS): Promise<string[]> {
  const pairs = await demonstrationPairs(sources);
  const asked = new Set(DOMAINS.flatMap((domain) => pairs[domain].test.queries.map(({ text }) => foldText(text))));
  const documents = domains.flatMap((domain) => sources[domain].documents((sentence) => asked.has(foldText(sentence))));
  return shuffle(documents, seededRandom('language text'));
}
