/**
 * Training data between tercet, pyarrow and DuckDB, both ways, cell for cell.
 *
 *     node --import tsx test/interop/arrow/compare.ts [PYTHON=python3]
 *
 * PYTHON has pyarrow and duckdb (`pip install pyarrow duckdb`); without them this says so and skips.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';
import { openExamples } from '../../../data/arrow/openExamples.js';
import { importExamples } from '../../../data/import/importExamples.js';

const python = process.argv[2] ?? 'python3';
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const run = (...args: string[]) => spawnSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'inherit', 'pipe'] });

if (run('-c', 'import pyarrow, duckdb').status !== 0)
  console.log(`skipped: ${python} has no pyarrow and duckdb; pip install pyarrow duckdb`);
else {
  const folder = mkdtempSync(join(tmpdir(), 'tercet-arrow-'));
  try {
    const results = [await othersRead(folder), await othersWrite(folder)];
    if (results.includes(false)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function othersRead(folder: string): Promise<boolean> {
  const rows = Array.from({ length: 5000 }, (_, id) => {
    const passages = (kind: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        docid: `${kind}${id}-${index}`,
        title: index % 2 === 0 ? '' : `Tïtle ${index}`,
        text: `${kind} 東京 𝓐 ${'word '.repeat((id * 7 + index) % 60)}`,
        ...(id % 3 === 0 && { score: index / 4 }),
      }));
    return {
      id: `${id}`,
      query: `quéry ${id}`,
      positives: passages('p', 1 + (id % 2)),
      negatives: passages('n', id % 4),
    };
  });
  const input = rows.map(({ id, query, positives, negatives }) =>
    JSON.stringify({ query_id: id, query, positive_passages: positives, negative_passages: negatives }),
  );
  writeFileSync(join(folder, 'train.jsonl'), `${input.join('\n')}\n`);
  await importExamples([join(folder, 'train.jsonl')], join(folder, 'train.arrow'));
  const written = ({ docid, title, text, score }: { docid: string; title: string; text: string; score?: number }) => ({
    id: docid,
    title,
    text,
    score: score ?? null,
  });
  const expected = rows.map(({ id, query, positives, negatives }) =>
    JSON.stringify({ query_id: id, query, positives: positives.map(written), negatives: negatives.map(written) }),
  );
  writeFileSync(join(folder, 'expected.jsonl'), `${expected.join('\n')}\n`);
  const { status, stderr } = run(
    script('readByOthers.py'),
    join(folder, 'train.arrow'),
    join(folder, 'expected.jsonl'),
  );
  if (status !== 0) console.log(stderr);
  return status === 0;
}

async function othersWrite(folder: string): Promise<boolean> {
  const inside = join(folder, 'others');
  const { status, stderr } = run(script('writeByOthers.py'), inside);
  if (status !== 0) throw new Error(stderr);
  let isSame = true;
  for (const name of readdirSync(inside).filter((file) => file.endsWith('.arrow'))) {
    const expected = readFileSync(join(inside, name.replace('.arrow', '.jsonl')), 'utf8')
      .trimEnd()
      .split('\n');
    const file = await openExamples(join(inside, name));
    const found: unknown[] = [];
    for (let batch = 0; batch < file.batchRows.length; batch++)
      for (const { query, positives, negatives } of await file.read(batch))
        found.push({
          query,
          positives: positives.map(({ text }) => text),
          negatives: negatives.map(({ text }) => text),
        });
    await file.close();
    const isEqual = isDeepStrictEqual(
      found,
      expected.map((line) => JSON.parse(line) as unknown),
    );
    console.log(`${name}: ${found.length} rows, ${isEqual ? 'equal' : 'DIFFERENT'} cell for cell`);
    isSame &&= isEqual;
  }
  return isSame;
}
