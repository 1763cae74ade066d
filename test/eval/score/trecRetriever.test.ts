import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { memoryCorpus } from '../../../data/task/corpus.js';
import { readTrecRun, trecRetriever } from '../../../eval/score/trecRetriever.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('readTrecRun', () => {
  const place = useTemporaryFolder();
  const write = (text: string) => {
    writeFileSync(place('run.trec'), text);
    return place('run.trec');
  };

  it('orders by score whatever the ranks say, ties by document id, descending', async () => {
    const run = await readTrecRun(write('q1 Q0 a 1 0.5 tag\nq1\tQ0\tb\t0\t2\ttag\n\nq1 Q0 c 9 0.5 tag\n'));
    assert.deepEqual(
      run.get('q1')!.map(({ id }) => id),
      ['b', 'c', 'a'],
    );
  });

  it('names the line that cannot be used', async () => {
    for (const [text, message] of [
      ['q Q0 a 1 nan t\n', /run\.trec:1: the score must be a number; got nan$/],
      ['q Q0 a 1 1 t\nq Q0 b 2 inf t\n', /run\.trec:2: the score must be a number; got inf$/],
      ['q Q0 a\n', /run\.trec:1 must hold query, Q0, document, rank, score and tag; got q Q0 a$/],
      ['q Q0 a 1 2 t\nq Q0 a 2 1 t\n', /run\.trec:2 ranks document a for query q a second time$/],
      ['\n', /run\.trec holds no rankings$/],
    ] as const)
      await assert.rejects(readTrecRun(write(text)), { name: 'UserError', message });
  });

  it('makes a retriever that answers the queries of a task', async () => {
    const retriever = await trecRetriever(write('q1 Q0 a 1 3 t\nq1 Q0 b 2 2 t\nother Q0 a 1 1 t\n'));
    const queries = ['q1', 'q2'].map((id) => ({ id, text: '' }));
    const run = await retriever.retrieve({ corpus: memoryCorpus([]), queries, qrels: new Map() }, 1);
    assert.deepEqual(
      [...run],
      [
        ['q1', [{ id: 'a', score: 3 }]],
        ['q2', []],
      ],
    );
  });
});
