import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../configs/userError.js';
import { openExamples } from '../../data/arrow/openExamples.js';
import { importTevatron, totalBytes } from '../../data/importTevatron.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

const row = (id: string, negatives: string[] = []) => {
  const passage = (docid: string) => ({ docid, title: '', text: `text ${docid}` });
  return JSON.stringify({
    query_id: id,
    query: `query ${id}`,
    positive_passages: [passage(`p${id}`)],
    negative_passages: negatives.map(passage),
  });
};
async function idsIn(path: string): Promise<string[]> {
  const file = await openExamples(path);
  const ids = (await file.read(0)).map(({ id }) => id);
  await file.close();
  return ids;
}

describe('importTevatron', () => {
  const at = useTemporaryFolder();

  it('puts the rows of all files into one Arrow file, in order', async () => {
    writeFileSync(at('a.jsonl'), `${row('1', ['n'])}\n\n${row('2')}\n`);
    writeFileSync(at('b.jsonl.gz'), gzipSync(`${row('3')}\n`));
    const progress: number[] = [];
    const files = [at('a.jsonl'), at('b.jsonl.gz')];
    const summary = await importTevatron(files, at('out/train.arrow'), { onBytes: (bytes) => progress.push(bytes) });
    assert.deepEqual(summary, {
      output: at('out/train.arrow'),
      rows: 3,
      rowsWithoutNegatives: 2,
      rejected: [],
      rejectsFile: null,
    });
    assert.deepEqual(await idsIn(at('out/train.arrow')), ['1', '2', '3']);
    assert.deepEqual(readdirSync(at('out')), ['train.arrow']);
    assert.equal(progress.at(-1), await totalBytes(files));
  });

  it('lists the rows it leaves out with file, line and reason, and counts them', async () => {
    const broken = row('2').slice(0, -1);
    writeFileSync(at('a.jsonl'), `${broken}\n${row('1')}\n{}\n${broken}\n`);
    const summary = await importTevatron([at('a.jsonl')], at('train.arrow'));
    assert.equal(summary.rows, 1);
    assert.deepEqual(summary.rejected, [
      { reason: 'not JSON', rows: 2, first: `${at('a.jsonl')}:1` },
      { reason: 'query_id missing or no id', rows: 1, first: `${at('a.jsonl')}:3` },
    ]);
    const listed = readFileSync(summary.rejectsFile!, 'utf8').trimEnd().split('\n');
    assert.equal(summary.rejectsFile, at('train.arrow.rejects.jsonl'));
    assert.deepEqual(
      listed.map((line) => JSON.parse(line) as unknown),
      [
        { file: at('a.jsonl'), line: 1, reason: 'not JSON', content: broken },
        { file: at('a.jsonl'), line: 3, reason: 'query_id missing or no id', content: '{}' },
        { file: at('a.jsonl'), line: 4, reason: 'not JSON', content: broken },
      ],
    );
    writeFileSync(at('a.jsonl'), row('1'));
    await importTevatron([at('a.jsonl')], at('train.arrow'));
    assert.ok(!existsSync(at('train.arrow.rejects.jsonl')), 'a list that is out of date stayed');
  });

  it('stops at the row that is one too many, keeps the older output and lists what it saw', async () => {
    writeFileSync(at('train.arrow'), 'older');
    writeFileSync(at('a.jsonl'), `${row('1')}\n{}\n{}\n{}\n`);
    await assert.rejects(importTevatron([at('a.jsonl')], at('train.arrow'), { limitRejects: 1 }), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /a\.jsonl:3 cannot be used \(query_id .*\), more than the 1 rows allowed by --limit-rej/,
      );
      return true;
    });
    assert.equal(readFileSync(at('train.arrow'), 'utf8'), 'older');
    assert.equal(readFileSync(at('train.arrow.rejects.jsonl'), 'utf8').trimEnd().split('\n').length, 2);
    assert.deepEqual(readdirSync(at()).sort(), ['a.jsonl', 'train.arrow', 'train.arrow.rejects.jsonl']);
  });

  it('refuses input without a usable row', async () => {
    writeFileSync(at('empty.jsonl'), '\n');
    await assert.rejects(importTevatron([at('empty.jsonl')], at('x.arrow')), /cannot be imported: no rows/);
    writeFileSync(at('other.jsonl'), '{"anchor": "a"}\n');
    await assert.rejects(importTevatron([at('other.jsonl')], at('x.arrow')), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /every row is left out, the first, .*other\.jsonl:1, for: query_id missing/);
      return true;
    });
    assert.ok(!existsSync(at('x.arrow')));
  });

  it('leaves no output when an input is missing or damaged', async () => {
    writeFileSync(at('a.jsonl'), row('1'));
    await assert.rejects(importTevatron([at('a.jsonl'), at('absent')], at('x.arrow')), UserError);
    writeFileSync(at('cut.gz'), gzipSync(row('1')).subarray(0, 40));
    await assert.rejects(importTevatron([at('a.jsonl'), at('cut.gz')], at('x.arrow')), UserError);
    assert.deepEqual(readdirSync(at()).sort(), ['a.jsonl', 'cut.gz']);
    await assert.rejects(totalBytes([at('absent')]), UserError);
  });
});
