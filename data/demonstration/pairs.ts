import { seededRandom } from '../random.js';
import { codeSource } from './code.js';
import { type Domain, type DomainSource, DOMAINS } from './domainSource.js';
import { generalSource } from './general.js';
import { mathsSource } from './maths.js';
import { type DomainPairs, splitPairs, type SplitSizes } from './splitPairs.js';

/** What the packages offer, domain by domain. Takes a second or two: they are read and parsed anew. */
export function domainSources(): Record<Domain, DomainSource> {
  return { general: generalSource(), code: codeSource(), maths: mathsSource() };
}

/**
 * The demonstration's query-passage pairs: what is trained on and what judges, the same on every machine.
 * @param sources  as `domainSources` gives them, for callers that have them already
 */
export async function demonstrationPairs(sources = domainSources()): Promise<Record<Domain, DomainPairs>> {
  const split = (domain: Domain): DomainPairs =>
    splitPairs(sources[domain].pairs, SIZES[domain], seededRandom(SEED, domain));
  return Object.fromEntries(DOMAINS.map((domain) => [domain, split(domain)])) as Record<Domain, DomainPairs>;
}

/** Fixed: another seed would let a base pretrained under this one see test queries. */
const SEED = 20250705;

/** The three corpora together are encoded twice in a demonstration of two minutes. */
const SIZES: Record<Domain, SplitSizes> = {
  general: { trainQueries: 12_000, testQueries: 300, corpus: 3_200 },
  code: { trainQueries: 8_000, testQueries: 250, corpus: 1_600 },
  maths: { trainQueries: 8_000, testQueries: 250, corpus: 900 },
};
