import { readFileSync, readdirSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createExampleWriter } from '../../data/arrow/writeExamples.js';
import { compressZstd, loadZstd } from '../../data/arrow/message/zstd.js';

export interface ValidFile {
  name: string;
  kind: 'arrow' | 'rows' | 'collection';
  bytes: Buffer;
}

/** A small file of every format that is read. */
export async function validFiles(): Promise<ValidFile[]> {
  await loadZstd();
  const lines = (make: (row: number) => string) =>
    Buffer.from(Array.from({ length: 40 }, (_, row) => `${make(row)}\n`).join(''));
  const passage = (id: number) => ({ docid: `${id}`, title: 'Tïtle', text: `text of ${id}` });
  const plain: ValidFile[] = [
    { name: 'triples.tsv', kind: 'rows', bytes: lines((row) => `query ${row}\tpösitive\tnegative ${row}`) },
    { name: 'ids.tsv', kind: 'rows', bytes: lines((row) => `${row}\t${row * 7}\t${row * 11}`) },
    { name: 'collection.tsv', kind: 'collection', bytes: lines((row) => `${row}\tpassage ${row}`) },
    {
      name: 'collection.jsonl',
      kind: 'collection',
      bytes: lines((row) => JSON.stringify({ _id: `${row}`, title: '', text: 'é' })),
    },
    ...Object.entries({
      tevatron: (row: number) => ({
        query_id: `${row}`,
        query: 'q\ud83d\ude00',
        positive_passages: [passage(row)],
        negative_passages: [passage(-row)],
      }),
      'tevatron-ids': (row: number) => ({
        query_id: row,
        query_text: 'q',
        positive_document_ids: [1],
        negative_document_ids: ['2'],
      }),
      'hard-negatives': (row: number) => ({
        qid: row,
        pos: [1],
        neg: { bm25: [2, 3], other: [{ pid: 4, 'ce-score': 0.5 }] },
      }),
      triplets: () => ({ anchor: 'a', positive: 'p', negative: 'n' }),
      'flag-embedding': () => ({ query: 'q', pos: ['p'], neg: ['n', 'm'], pos_scores: [1], neg_scores: [0.5, 0.25] }),
    }).map(([name, make]): ValidFile => ({
      name: `${name}.jsonl`,
      kind: 'rows',
      bytes: lines((row) => JSON.stringify(make(row))),
    })),
  ];
  const compressed = plain.flatMap((file) => [
    { ...file, name: `${file.name}.gz`, bytes: gzipSync(file.bytes) },
    { ...file, name: `${file.name}.zst`, bytes: Buffer.from(compressZstd(file.bytes)) },
  ]);
  const fixtures = (folder: string, end: RegExp, kind: ValidFile['kind']) => {
    const path = fileURLToPath(new URL(`../fixtures/${folder}/`, import.meta.url));
    const names = readdirSync(path).filter((name) => end.test(name));
    return names.map((name): ValidFile => ({ name, kind, bytes: readFileSync(join(path, name)) }));
  };
  return [
    ...plain,
    ...compressed,
    ...fixtures('arrow', /\.(arrow|stream)$/, 'arrow'),
    ...fixtures('parquet', /\.parquet$/, 'rows'),
    { name: 'ours.arrow', kind: 'arrow', bytes: await ours() },
    { name: 'ours2.arrow', kind: 'arrow', bytes: await ours() },
  ];
}

async function ours(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'tercet-fuzz-'));
  const path = join(folder, 'ours.arrow');
  const writer = await createExampleWriter(path, { rowsPerBatch: 8, metadata: { source: 'fuzz' } });
  const passage = (id: number) => ({ id: `${id}`, title: '', text: 'text '.repeat(id), score: id });
  for (let row = 0; row < 20; row++)
    await writer.write({
      id: `${row}`,
      query: 'query',
      positives: [passage(row)],
      negatives: [passage(1), passage(2)],
    });
  await writer.close();
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  return bytes;
}
