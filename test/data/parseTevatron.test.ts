import assert from 'node:assert/strict';
import { parseTevatron } from '../../data/parseTevatron.js';

const passage = { docid: 'd1', title: 'T', text: 'text' };
const row = { query_id: 'q1', query: 'what', positive_passages: [passage], negative_passages: [] };
const parse = (changes: object) => parseTevatron(JSON.stringify({ ...row, ...changes }));

describe('parseTevatron', () => {
  it('reads a row', () => {
    const negative = { docid: 7, title: null, text: ' kept as it is ' };
    assert.deepEqual(parse({ query_id: 12, negative_passages: [negative], extra: 1 }), {
      id: '12',
      query: 'what',
      positives: [{ id: 'd1', title: 'T', text: 'text' }],
      negatives: [{ id: '7', title: '', text: ' kept as it is ' }],
    });
  });

  it('says why a row cannot be used', () => {
    const reasons: [string | object, string][] = [
      ['{"query_id": ', 'not JSON'],
      ['[]', 'not a JSON object'],
      [{ query_id: undefined }, 'query_id missing or no id'],
      [{ query_id: 1.5 }, 'query_id missing or no id'],
      [{ query_id: '' }, 'query_id missing or no id'],
      [{ query: undefined }, 'query missing'],
      [{ query: ' \n' }, 'query empty'],
      [{ positive_passages: undefined }, 'positive_passages missing'],
      [{ positive_passages: [] }, 'positive_passages empty'],
      [{ negative_passages: undefined }, 'negative_passages missing'],
      [{ negative_passages: ['text'] }, 'negative_passages with something else than a passage'],
      [{ negative_passages: [{ text: 'x' }] }, 'negative_passages with a passage without usable docid'],
      [{ positive_passages: [{ docid: '1' }] }, 'positive_passages with a passage without text'],
      [{ positive_passages: [{ docid: '1', title: 1, text: '' }] }, 'positive_passages with a title that is no text'],
      [{ positive_passages: [{ docid: '1', title: ' ', text: '' }] }, 'positive_passages with an empty passage'],
    ];
    for (const [given, reason] of reasons)
      assert.equal(typeof given === 'string' ? parseTevatron(given) : parse(given), reason);
  });
});
