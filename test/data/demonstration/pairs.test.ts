import assert from 'node:assert/strict';
import { type Domain, type DomainSource, DOMAINS } from '../../../data/demonstration/domainSource.js';
import { foldText } from '../../../data/example/foldText.js';
import { demonstrationPairs, domainSources } from '../../../data/demonstration/pairs.js';
import type { DomainPairs } from '../../../data/demonstration/splitPairs.js';
import type { Passage } from '../../../data/example/example.js';

describe('demonstrationPairs', () => {
  let sources: Record<Domain, DomainSource>;
  let pairs: Record<Domain, DomainPairs>;
  before(async () => {
    sources = domainSources();
    pairs = await demonstrationPairs(sources);
  });

  it('is large enough to train on and small enough to search in two minutes', () => {
    const least = { general: 8000, code: 4000, maths: 1500 };
    for (const domain of DOMAINS) {
      const { train, test } = pairs[domain];
      assert.ok(train.length >= least[domain], `${domain}: ${train.length} training queries`);
      assert.ok(test.queries.length >= 200 && test.queries.length <= 300, `${domain}: ${test.queries.length} queries`);
    }
    const passages = DOMAINS.reduce((sum, domain) => sum + pairs[domain].test.corpus.length, 0);
    assert.ok(passages <= 6000, `${passages} passages`);
  });

  it('trains on no passage of a test corpus, in whatever spelling', () => {
    const folded = ({ title, text }: Passage): string => foldText(`${title} ${text}`);
    for (const domain of DOMAINS) {
      const corpus = new Set(pairs[domain].test.corpus.map(folded));
      const trained = pairs[domain].train.flatMap(({ positives }) => positives);
      assert.deepEqual(
        trained.filter((passage) => corpus.has(folded(passage))).map(({ id }) => id),
        [],
      );
    }
  });

  it('trains on no test query, in whatever spelling', () => {
    const trained = new Set(DOMAINS.flatMap((domain) => pairs[domain].train.map(({ query }) => foldText(query))));
    for (const domain of DOMAINS) {
      assert.deepEqual(
        pairs[domain].test.queries.filter(({ text }) => trained.has(foldText(text))),
        [],
      );
    }
  });

  it('gives each query and each passage an id of its own, and every query a passage in the corpus', () => {
    for (const domain of DOMAINS) {
      const { train, test } = pairs[domain];
      const ids = new Set(test.corpus.map(({ id }) => id));
      assert.equal(ids.size, test.corpus.length);
      assert.equal(new Set([...train, ...test.queries].map(({ id }) => id)).size, train.length + test.queries.length);
      for (const { id } of test.queries) {
        const relevant = [...(test.qrels.get(id) ?? new Map<string, number>()).keys()];
        assert.ok(relevant.length > 0 && relevant.every((passage) => ids.has(passage)), id);
      }
    }
  });

  it('never answers with a passage that repeats the query', () => {
    for (const domain of DOMAINS) {
      for (const { query, positives } of pairs[domain].train) {
        for (const { text } of positives) assert.ok(!foldText(text).includes(foldText(query)), query);
      }
    }
  });

  it('asks WordNet with the longest example and keeps the others in the passage', () => {
    const calm = sources.general.pairs.find(({ id }) => id === 'general-a00531862');
    assert.equal(calm?.query, 'he remained serene in the midst of turbulence');
    assert.equal(calm?.passage.title, 'calm, unagitated, serene, tranquil');
    assert.equal(
      calm?.passage.text,
      '(adjective, similar to composed) not agitated; without losing self-possession; "spoke in a calm voice"; ' +
        '"remained calm throughout the uproar"; "a serene expression on her face"; ' +
        '"she became more tranquil"; "tranquil life in the country"',
    );
  });

  it('asks for a declaration of Node.js by what its comment says', () => {
    const closeSync = sources.code.pairs.find(({ id }) => id === 'code-node:fs.Dir.readSync');
    assert.equal(closeSync?.query, 'Synchronously read the next directory entry as an fs.Dirent');
    assert.deepEqual(
      [closeSync?.passage.title, closeSync?.passage.text],
      ['node:fs Dir', 'readSync(): Dirent | null;'],
    );
  });

  it('asks stdlib for functions of mathematics, not for those on strings', () => {
    const queries = sources.maths.pairs.map(({ query }) => query);
    assert.ok(queries.includes('Computes the arccosine of a single-precision floating-point number'));
    assert.ok(
      queries.includes('Computes the cumulative sum of double-precision floating-point strided array elements'),
    );
    assert.deepEqual(
      queries.filter((query) => /\bstrings?\b/.test(query)),
      [],
    );
  });

  it('is asked to leave out every sentence that became a test query, and gives nearly all of the text', () => {
    const characters = { general: 14e6, code: 7e6, maths: 4e6 };
    for (const domain of DOMAINS) {
      const asked = new Set(pairs[domain].test.queries.map(({ text }) => foldText(text)));
      const left = new Set<string>();
      const documents = sources[domain].documents((sentence) => {
        const folded = foldText(sentence);
        if (asked.has(folded)) left.add(folded);
        return asked.has(folded);
      });
      assert.equal(left.size, asked.size);
      const length = documents.reduce((sum, text) => sum + text.length, 0);
      assert.ok(length > characters[domain], `${domain}: ${length} characters`);
      const example = pairs[domain].test.queries.find(({ text }) => text.length > 60)?.text as string;
      assert.ok(!documents.some((text) => text.includes(example)), example);
    }
  });
});
