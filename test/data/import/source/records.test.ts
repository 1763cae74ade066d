import assert from 'node:assert/strict';
import { passageFrom, recordParsers, type Lookups } from '../../../../data/import/source/records.js';
import { idText } from '../../../../data/example/row/idText.js';
import { textId } from '../../../../data/example/textId.js';

const lookups: Lookups = {
  passage: (id) => (id === 'unknown' ? null : { title: `T${id}`, text: `text ${id}` }),
  query: (id) => (id === '404' ? null : { text: `query ${id}` }),
};
const text = (value: string, score?: number) => ({
  id: '',
  title: '',
  text: value,
  ...(score !== undefined && { score }),
});
const found = (id: string, score?: number) => ({
  id,
  title: `T${id}`,
  text: `text ${id}`,
  ...(score !== undefined && { score }),
});

describe("Tevatron's rows", () => {
  const passage = { docid: 'd1', title: 'T', text: 'text' };
  const row = { query_id: 'q1', query: 'what', positive_passages: [passage], negative_passages: [] };
  const parse = (changes: object) => recordParsers.tevatron({ ...row, ...changes });

  it('are read with their texts', () => {
    const negative = { docid: 7, title: null, text: ' kept as it is ', score: 0.5 };
    assert.deepEqual(parse({ query_id: 12, negative_passages: [negative], extra: 1 }), {
      id: '12',
      query: 'what',
      positives: [{ id: 'd1', title: 'T', text: 'text' }],
      negatives: [{ id: '7', title: '', text: ' kept as it is ', score: 0.5 }],
    });
  });

  it('are read with ids of a collection', () => {
    const ids = { query_id: 3, query_text: 'q', positive_document_ids: [5], negative_document_ids: ['6', 7n] };
    assert.deepEqual(recordParsers['tevatron-ids'](ids, lookups), {
      id: '3',
      query: 'q',
      positives: [found('5')],
      negatives: [found('6'), found('7')],
    });
    const unknown = { ...ids, negative_document_ids: ['unknown'] };
    assert.equal(
      recordParsers['tevatron-ids'](unknown, lookups),
      'negative_document_ids with an id that is not in the collection',
    );
  });

  it('say why they cannot be used', () => {
    const reasons: [object, string][] = [
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
      [
        { positive_passages: [{ ...passage, score: 'high' }] },
        'positive_passages with a score that is no finite number',
      ],
      [{ query: Buffer.of(0xff) }, 'query not UTF-8'],
      [{ query: 'half \ud83d' }, 'text with half of a surrogate pair, which is no valid Unicode'],
    ];
    for (const [given, reason] of reasons) assert.equal(parse(given), reason);
  });
});

describe('rows of msmarco-hard-negatives', () => {
  it('take negatives of several retrievers once each, without the positives', () => {
    const row = { qid: 9, pos: [1], neg: { bm25: [2, 1, 3], dense: [3, 4, 2] } };
    assert.deepEqual(recordParsers['hard-negatives'](row, lookups), {
      id: '9',
      query: 'query 9',
      positives: [found('1')],
      negatives: [found('2'), found('3'), found('4')],
    });
  });

  it('may hold objects with the score of a cross-encoder, and a plain list', () => {
    const row = { qid: '9', pos: [{ pid: 1, 'ce-score': 9.5 }], neg: [{ pid: 2, 'ce-score': -1.25 }, 3] };
    assert.deepEqual(recordParsers['hard-negatives'](row, lookups), {
      id: '9',
      query: 'query 9',
      positives: [found('1', 9.5)],
      negatives: [found('2', -1.25), found('3')],
    });
  });

  it('say why they cannot be used', () => {
    const parse = (row: Record<string, unknown>) => recordParsers['hard-negatives'](row, lookups);
    assert.equal(parse({ qid: 9, pos: [], neg: {} }), 'pos empty');
    assert.equal(parse({ qid: 404, pos: [1], neg: {} }), 'qid not among the queries');
    assert.equal(parse({ qid: 9, pos: ['unknown'], neg: {} }), 'pos with an id that is not in the collection');
    assert.equal(parse({ qid: 9, pos: [1], neg: { bm25: [null] } }), 'neg with something else than an id');
    assert.equal(parse({ qid: 9, pos: [1] }), 'neg missing');
  });
});

describe('rows of texts', () => {
  it('are triplets, with one negative, several or none', () => {
    const { triplets } = recordParsers;
    const expected = (negatives: string[]) => ({
      id: textId(Buffer.from('a')),
      query: 'a',
      positives: [text('p')],
      negatives: negatives.map((negative) => text(negative)),
    });
    assert.deepEqual(triplets({ anchor: 'a', positive: 'p', negative: 'n' }), expected(['n']));
    assert.deepEqual(triplets({ query: 'a', positive: ['p'], negative: ['n', 'm'] }), expected(['n', 'm']));
    assert.deepEqual(triplets({ anchor: 'a', positive: 'p', negative_1: 'n', negative_2: 'm' }), expected(['n', 'm']));
    assert.deepEqual(triplets({ anchor: 'a', positive: 'p' }), expected([]));
    // Arrow files of the same rows were taken, these were rejected.
    assert.deepEqual(triplets({ anchor: 'a', positive: 'p', negative: null }), expected([]));
    assert.deepEqual(triplets({ anchor: 'a', positive: 'p', negative_1: ' ', negative_2: 'm' }), expected(['m']));
    assert.equal(triplets({ anchor: 'a', positive: '\t', negative: 'n' }), 'positive empty');
    assert.equal(triplets({ anchor: 'a', positive: 'p', negative: ['n', ''] }), 'negative with an empty passage');
    assert.equal(triplets({ anchor: 'a', positive: 'p', negative: 1 }), 'negative with something else than a text');
  });

  it("are FlagEmbedding's, with or without scores", () => {
    const parse = (row: Record<string, unknown>) => recordParsers['flag-embedding'](row);
    const row = { query: 'ß', pos: ['p'], neg: ['n', 'm'], prompt: 'unused' };
    assert.deepEqual(parse({ ...row, pos_scores: [3], neg_scores: [1, -0.5] }), {
      id: textId(Buffer.from('ß')),
      query: 'ß',
      positives: [text('p', 3)],
      negatives: [text('n', 1), text('m', -0.5)],
    });
    const { negatives } = parse(row) as { negatives: unknown };
    assert.deepEqual(negatives, [text('n'), text('m')]);
    assert.equal(parse({ ...row, neg_scores: [1] }), 'neg_scores not one number for each neg');
    assert.equal(parse({ ...row, pos: [''] }), 'pos with an empty passage');
    assert.equal(parse({ ...row, pos: 'p' }), 'pos missing');
  });
});

describe('recordParsers of images', () => {
  const image = (name: string) => ({ name, path: `/data/${name}` });
  const passage = (text: string, ...names: string[]) => ({
    ...{ id: '', title: '', text },
    ...(names.length > 0 && { images: names.map(image) }),
  });

  it("read ms-swift's conversations with their images, whose marks the contract places", () => {
    const user = (content: string) => [{ role: 'user', content }];
    const row = {
      ...{ messages: user('<image>what is it'), images: ['a.png'] },
      ...{ positive_messages: [user('<image>a cat')], positive_images: [['b.png']] },
      negative_messages: [user('a dog')],
    };
    const parse = (changes: object) => recordParsers['ms-swift']({ ...row, ...changes }, lookups, '/data');
    assert.deepEqual(parse({}), {
      ...{ id: '', query: 'what is it', queryImages: [image('a.png')] },
      ...{ positives: [passage('a cat', 'b.png')], negatives: [passage('a dog')] },
    });
    assert.match(parse({ messages: [{ role: 'system', content: 's' }] }) as string, /with a system's turn/);
    assert.equal(parse({ positive_messages: [] }), 'positive_messages empty');
  });

  it("read MMEB's pairs, without the marks of images in their texts, and its dicts of several", () => {
    const row = {
      ...{ qry: '<|image_1|>\nname it', qry_image_path: 'a.png', pos_text: 'a cat', pos_image_path: '' },
      ...{ neg_text: '', neg_image: { bytes: [null, null], paths: ['b.png', 'c.png'], resolutions: [] } },
    };
    assert.deepEqual(recordParsers.mmeb(row, lookups, '/data'), {
      ...{ id: '', query: 'name it', queryImages: [image('a.png')] },
      ...{ positives: [passage('a cat')], negatives: [passage('', 'b.png', 'c.png')] },
    });
  });

  it('read bytes, paths and lists of them as the hub keeps them, and refuse addresses', () => {
    const bytes = Uint8Array.of(0x89, 0xff);
    const parse = (positive: unknown) =>
      recordParsers['image-triplets']({ query: 'one', positive, negative_0: null }, lookups, '/data');
    const images = (positive: unknown) => (parse(positive) as { positives: unknown }).positives;
    assert.deepEqual(images({ bytes: null, path: 'a.png' }), [passage('', 'a.png')]);
    assert.deepEqual(images(['a.png', 'b.png']), [passage('', 'a.png'), passage('', 'b.png')]);
    const held = { id: '', title: '', text: '' };
    assert.deepEqual(images({ bytes, path: 'c.png' }), [{ ...held, images: [{ name: 'c.png', bytes }] }]);
    assert.deepEqual(images(bytes), [{ ...held, images: [{ name: 'an image in the row', bytes }] }]);
    const [remote] = images('https://example.org/a.png') as { images: { problem: string }[] }[];
    assert.match(remote!.images[0]!.problem, /^positive with an image behind an address; download it/);
    assert.equal(parse({ bytes: null, path: null }), 'positive with an empty passage');
  });
});

describe('passageFrom', () => {
  it('reads entries of collections under the names that others use', () => {
    assert.deepEqual(passageFrom('{"_id":"d","title":"T","text":"t"}'), { id: 'd', title: 'T', text: 't' });
    assert.deepEqual(passageFrom('{"docid":3,"text":"t"}'), { id: '3', title: '', text: 't' });
    assert.equal(passageFrom('{"text":"t"}'), 'id missing or no id');
    assert.equal(passageFrom('{"id":"1"}'), 'text missing');
    assert.equal(passageFrom('{"id":"1"'), 'not JSON');
  });
});

describe('idText', () => {
  it('takes texts as they are and whole numbers', () => {
    assert.deepEqual(['a ', 7, -1, 2n ** 60n, '', 1.5, 2 ** 60, null, {}].map(idText), [
      'a ',
      '7',
      '-1',
      '1152921504606846976',
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});
