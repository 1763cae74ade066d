import { isUtf8 } from 'node:buffer';
import { stat } from 'node:fs/promises';
import { suggest } from '../../../configs/load/suggest.js';
import { UserError } from '../../../configs/userError.js';
import { beginningOf } from './beginningOf.js';
import { explainReadFailure } from '../../files/read/explainReadFailure.js';
import { openParquet } from '../../arrow/parquet.js';
import { parseRecord } from './records.js';

/** What can be imported, and how its rows look. */
export const formats = {
  tevatron: 'JSONL or Parquet: query_id, query, positive_passages, negative_passages',
  'tevatron-ids':
    'JSONL or Parquet: query_id, query_text, positive_document_ids, negative_document_ids; needs --collection',
  triples: 'lines of query TAB positive TAB negative, no header, no quoting',
  'id-triples': 'lines of query id TAB positive id TAB negative id; needs --collection and --queries',
  'hard-negatives': 'JSONL or Parquet: qid, pos, neg, of ids; needs --collection and --queries',
  triplets: 'JSONL or Parquet: anchor (or query), positive, negative',
  'flag-embedding': 'JSONL or Parquet: query, pos, neg, of texts, perhaps pos_scores, neg_scores',
  'image-triplets':
    'JSONL or Parquet: query, image (or positive), negative or negative_0, ...: images, as {bytes, path}, bytes or paths',
  'ms-swift': 'JSONL or Parquet: messages, images, positive_messages, positive_images, and negative ones',
  mmeb: 'JSONL or Parquet: qry, qry_image_path, pos_text, pos_image_path, neg_text, neg_image_path',
  beir: 'a folder with corpus.jsonl, queries.jsonl and qrels/train.tsv',
};

export type FormatName = keyof typeof formats;

export interface Recognised {
  path: string;
  container: 'lines' | 'parquet' | 'folder';
  format: FormatName;
  /** For people: what in the file tells. */
  evidence: string;
}

/**
 * Tell a file's format from its content.
 * @param stated  what the user says; then only the container is looked at
 * @throws UserError when the file cannot be read, or is of none or of several of the formats
 */
export async function recogniseFormat(path: string, stated?: string): Promise<Recognised> {
  if (stated !== undefined && !(stated in formats))
    throw new UserError(`--format ${stated} is unknown; ${suggest(stated, Object.keys(formats))}`);
  const found = await stat(path).catch((error) => {
    throw explainReadFailure(error, path);
  });
  const given = stated as FormatName | undefined;
  if (found.isDirectory() && given !== undefined && given !== 'beir')
    throw new UserError(`${path} is a folder; the format ${given} is that of a file`);
  if (!found.isDirectory() && given === 'beir')
    throw new UserError(`${path} is a file; the format beir is that of a folder`);
  if (found.isDirectory()) return { path, container: 'folder', format: 'beir', evidence: 'a folder' };
  const start = await beginningOf(path);
  if (start.toString('latin1', 0, 6) === 'ARROW1')
    throw new UserError(`${path} is an Arrow file already; name it to \`npm run train -- --data\` as it is`);
  const container = start.toString('latin1', 0, 4) === 'PAR1' ? 'parquet' : 'lines';
  if (given !== undefined) {
    if (container === 'parquet' && given.endsWith('triples'))
      throw new UserError(`${path} is a Parquet file, which ${given} is not; leave --format out`);
    return { path, container, format: given, evidence: 'as stated' };
  }
  if (container === 'parquet') {
    const names = await columnsOf(path);
    return { path, container, ...fromNames(path, names, undefined, 'columns') };
  }
  return { path, container, ...fromLines(path, start) };
}

const SAMPLE_LINES = 100;

async function columnsOf(path: string): Promise<string[]> {
  return (await openParquet(path)).columns;
}

type Told = Pick<Recognised, 'format' | 'evidence'>;

function fromLines(path: string, sample: Buffer): Told {
  const lines = sample
    .toString()
    .replace(/^\ufeff/, '')
    .split('\n', SAMPLE_LINES)
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new UserError(`${path} cannot be imported: it is empty`);
  if (sample.subarray(0, 4096).includes(0) || !isUtf8(sample.subarray(0, sample.indexOf(10) + 1)))
    throw unknown(path, sample.includes(0) ? 'it is binary, or text in UTF-16' : 'its first line is not UTF-8');
  if (lines[0]!.startsWith('[')) throw unknown(path, 'it is one JSON array; write each of its objects in a line');
  const rows = lines.map(parseRecord).filter((row) => typeof row !== 'string');
  if (lines[0]!.trimStart().startsWith('{')) {
    if (rows.length === 0) throw unknown(path, 'its lines begin like JSON, and are none');
    return fromNames(path, Object.keys(rows[0]!), rows[0], 'fields');
  }
  return fromCells(
    path,
    lines.map((line) => line.split('\t')),
  );
}

/** By the names of fields or columns. @param row  the first one, where it is at hand */
function fromNames(path: string, names: string[], row: Record<string, unknown> | undefined, kind: string): Told {
  const has = (...wanted: string[]) => wanted.every((name) => names.includes(name));
  const told = (format: FormatName, ...by: string[]): Told => ({ format, evidence: `${kind} ${by.join(', ')}` });
  const candidates = [
    ...(has('positive_passages') ? [told('tevatron', 'query_id', 'positive_passages')] : []),
    ...(has('positive_document_ids') ? [told('tevatron-ids', 'query_id', 'positive_document_ids')] : []),
    ...(has('qid', 'pos') ? [told('hard-negatives', 'qid', 'pos')] : []),
    ...(has('query', 'pos') ? [told('flag-embedding', 'query', 'pos')] : []),
    ...(has('positive') && (has('anchor') || has('query'))
      ? [
          told(
            isPath(row?.['positive']) ? 'image-triplets' : 'triplets',
            has('anchor') ? 'anchor' : 'query',
            'positive',
          ),
        ]
      : []),
    ...(has('query', 'image') && !has('positive') && !has('pos') ? [told('image-triplets', 'query', 'image')] : []),
    ...(has('messages', 'positive_messages') ? [told('ms-swift', 'messages', 'positive_messages')] : []),
    ...(has('qry', 'pos_text') ? [told('mmeb', 'qry', 'pos_text')] : []),
    ...(has('query_text', 'pos_text') ? [told('mmeb', 'query_text', 'pos_text')] : []),
  ];
  if (candidates.length === 1) return candidates[0]!;
  const shown = names.slice(0, 10).join(', ');
  if (candidates.length > 1)
    throw new UserError(
      `${path} could be ${candidates.map(({ format }) => format).join(' or ')} (${kind} ${shown}); state --format`,
    );
  const isCollection = has('text') && row !== undefined;
  throw unknown(path, `${kind} ${shown || 'none'}${isCollection ? '; a collection is named with --collection' : ''}`);
}

/** Whether a text, or the first of a list, names an image's file. */
function isPath(value: unknown): boolean {
  const first = Array.isArray(value) ? (value as unknown[])[0] : value;
  return typeof first === 'string' && /^[^\n]{1,1000}\.(png|jpe?g|webp|gif|tiff?)$/i.test(first);
}

function fromCells(path: string, rows: string[][]): Told {
  const seen = `its first ${rows.length === 1 ? 'line' : `${rows.length} lines`}`;
  const threes = rows.filter((cells) => cells.length === 3);
  if (threes.length <= rows.length / 2) {
    const widths = [...new Set(rows.map((cells) => cells.length))].slice(0, 3).join(' or ');
    const two = rows.every((cells) => cells.length === 2);
    const hint = two ? '; files of id TAB text are named with --collection and --queries' : '';
    throw unknown(path, `${seen} have ${widths} tab-separated columns${hint}`);
  }
  const isWhole = (cells: string[]) => cells.every((cell) => /^\d+$/.test(cell));
  const whole = threes.filter(isWhole).length;
  if (whole === threes.length) return { format: 'id-triples', evidence: `three columns of whole numbers in ${seen}` };
  if (whole > threes.length / 2)
    throw new UserError(
      `${path} could be triples or id-triples (${whole} of ${threes.length} lines hold numbers alone); state --format`,
    );
  return { format: 'triples', evidence: `three columns of text in ${seen}` };
}

function unknown(path: string, what: string): UserError {
  const known = Object.keys(formats).join(', ');
  return new UserError(`${path} is of no format that is known (${what}); known: ${known}; --format states one`);
}
