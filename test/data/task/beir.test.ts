import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { UserError } from '../../../configs/userError.js';
import { readBeir, writeBeir, type BeirTask } from '../../../data/task/beir.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const corpus = '{"_id": "d1", "title": "T", "text": "one"}\n{"_id": 2, "text": "two", "metadata": {}}\n';
const queries = '{"_id": "q1", "text": "a"}\n{"_id": "q2", "text": "b"}\n\n{"_id": "q3", "text": "c"}\n';

describe('readBeir', () => {
  const at = useTemporaryFolder();
  function write(files: { corpus?: string; queries?: string; qrels?: string }) {
    mkdirSync(at('qrels'), { recursive: true });
    writeFileSync(at('corpus.jsonl'), files.corpus ?? corpus);
    writeFileSync(at('queries.jsonl'), files.queries ?? queries);
    writeFileSync(at('qrels/test.tsv'), files.qrels ?? 'query-id\tcorpus-id\tscore\nq3\td1\t2\nq1\t2\t1\nq1\td1\t0\n');
  }
  const refused = (message: string, split = 'test') =>
    assert.rejects(readBeir(at(), split), (error: Error) => {
      assert.ok(error instanceof UserError, error.stack);
      assert.equal(error.message.replaceAll(`${at()}/`, ''), message);
      return true;
    });

  it('reads documents, graded judgements, and the queries that have any, in file order', async () => {
    write({});
    assert.deepEqual(await readBeir(at(), 'test'), {
      corpus: [
        { id: 'd1', title: 'T', text: 'one' },
        { id: '2', title: '', text: 'two' },
      ],
      queries: [
        { id: 'q1', text: 'a' },
        { id: 'q3', text: 'c' },
      ],
      qrels: new Map([
        ['q3', new Map([['d1', 2]])],
        [
          'q1',
          new Map([
            ['2', 1],
            ['d1', 0],
          ]),
        ],
      ]),
    });
  });

  it('takes judgements without a header or with that of CoIR', async () => {
    for (const header of ['', 'query_id\tcorpus_id\tscore\r\n']) {
      write({ qrels: `${header}q1\td1\t1\r\n` });
      assert.deepEqual((await readBeir(at(), 'test')).qrels, new Map([['q1', new Map([['d1', 1]])]]));
    }
  });

  it('names file and line of what it cannot use', async () => {
    write({ corpus: `${corpus}{"_id": "d3", "text": ` });
    await assert.rejects(readBeir(at(), 'test'), /corpus\.jsonl:3 is not JSON/);
    write({ corpus: '{"title": "T", "text": "one"}' });
    await refused('corpus.jsonl:1 must have an _id');
    write({ queries: '{"_id": "q1", "query": "a"}' });
    await refused('queries.jsonl:1: text must be text; got undefined');
    write({ corpus: `${corpus}{"_id": "2", "text": "again"}` });
    await refused('corpus.jsonl:3 repeats the document id 2; remove one of them');
    write({ queries: `${queries}{"_id": "q2", "text": "again"}` });
    await refused('queries.jsonl:5 repeats the query id q2; remove one of them');
    write({ corpus: '\n' });
    await refused('corpus.jsonl is empty; get it again');
    write({ qrels: 'q9\td1\t1\n' });
    await refused(
      'the judgements name query q9, which queries.jsonl does not hold; put the two that belong together there',
    );
    write({ qrels: 'q1 d1 1\n' });
    await refused(
      'qrels/test.tsv:1 must hold query id, document id and a whole grade, split by tabs, or the four columns of TREC; got q1 d1 1',
    );
    write({ qrels: 'q1\td1\thigh\n' });
    await refused(
      'qrels/test.tsv:1 must hold query id, document id and a whole grade, split by tabs, or the four columns of TREC; got q1\td1\thigh',
    );
    write({ qrels: 'q1\td1\t1\nq1\td1\t1\nq1\td1\t2\n' });
    await refused('qrels/test.tsv:3 judges query q1 and document d1 again, with another grade; remove one of them');
    write({ qrels: 'query-id\tcorpus-id\tscore\n' });
    await refused('qrels/test.tsv holds no judgements; a line is query, document and grade, split by tabs');
  });

  it('names the splits that there are', async () => {
    write({});
    await assert.rejects(readBeir(at(), 'dev'), new UserError(`task ${at()} has no split dev; known here: test`));
    await assert.rejects(
      readBeir(at('x'), 'dev'),
      new UserError(
        `${at('x')} must hold corpus, queries and qrels of a task; it lacks corpus.jsonl, queries.jsonl, qrels/test.tsv`,
      ),
    );
  });
});

describe('writeBeir', () => {
  const at = useTemporaryFolder();

  it('writes what readBeir reads, and keeps the judgements of other splits', async () => {
    const task: BeirTask = {
      corpus: [
        { id: 'd1', title: 'ü "T"', text: 'line\nbreak\ttab' },
        { id: 'd2', title: '', text: '\u2028' },
      ],
      queries: [{ id: 'q1', text: 'why?' }],
      qrels: new Map([
        [
          'q1',
          new Map([
            ['d2', 3],
            ['d1', 0],
          ]),
        ],
      ]),
    };
    await writeBeir(at('task'), 'train', task);
    await writeBeir(at('task'), 'test', task);
    assert.deepEqual(await readBeir(at('task'), 'test'), task);
    assert.deepEqual(await readBeir(at('task'), 'train'), task);
    assert.equal(readFileSync(at('task/qrels/test.tsv'), 'utf8'), 'query-id\tcorpus-id\tscore\nq1\td2\t3\nq1\td1\t0\n');
    assert.deepEqual(readdirSync(at('task')).sort(), ['corpus.jsonl', 'qrels', 'queries.jsonl']);
  });
});
