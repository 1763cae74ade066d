import assert from 'node:assert/strict';
import { type DomainSource, DOMAINS } from '../../../data/demonstration/domainSource.js';
import { languageText } from '../../../data/demonstration/languageText.js';
import { demonstrationPairs } from '../../../data/demonstration/pairs.js';

/** So many pairs that some are tested and some are not. */
function numberedSource(name: string): DomainSource {
  const entries = Array.from({ length: 1500 }, (_, index) => ({
    query: `${name} question ${index}`,
    text: `${name} answer ${index}`,
  }));
  return {
    pairs: entries.map(({ query, text }) => ({
      id: text,
      query,
      passage: { id: text, title: '', text },
      groups: [],
      relations: [],
    })),
    documents: (leaveOut) => entries.map(({ query, text }) => (leaveOut(`${query}!`) ? text : `${query}: ${text}`)),
  };
}

describe('languageText', () => {
  const sources = { general: numberedSource('word'), code: numberedSource('call'), maths: numberedSource('sum') };

  it('holds every passage, but test queries in no spelling', async () => {
    const documents = new Set(await languageText(sources));
    const pairs = await demonstrationPairs(sources);
    assert.equal(documents.size, 3 * 1500);
    for (const domain of DOMAINS) {
      const asked = new Set(pairs[domain].test.queries.map(({ text }) => text));
      assert.ok(asked.size >= 200);
      for (const { query, passage } of sources[domain].pairs) {
        const expected = asked.has(query) ? passage.text : `${query}: ${passage.text}`;
        assert.ok(documents.has(expected), expected);
      }
    }
  });

  it('mixes the domains in an order that is always the same', async () => {
    const documents = await languageText(sources);
    assert.deepEqual(await languageText(sources), documents);
    const firstWords = documents.slice(0, 300).map((text) => text.split(' ')[0]);
    for (const word of ['word', 'call', 'sum']) {
      // 100 of 300 expected; the standard deviation is 8.
      const count = firstWords.filter((first) => first === word).length;
      assert.ok(count > 60 && count < 140, `${word}: ${count}`);
    }
  });
});
