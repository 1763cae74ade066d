import { isUtf8 } from 'node:buffer';
import { dirname } from 'node:path';
import { strip } from '../../tokenizer/tokenizeText.js';
import type { Example } from '../../example/example.js';
import { textId } from '../../example/textId.js';
import { lineBlocks, TOO_LONG } from './lineBlocks.js';
import { openParquet } from '../../arrow/parquet.js';
import type { Recognised } from './recogniseFormat.js';
import { isRecordField, parseRecord, recordParsers, type Lookups } from './records.js';
import type { RowSink } from './rowSink.js';
import { rowTaker, type StoreImages, type TakeRow } from './takeRow.js';

/** Called after each row; where it returns a promise, reading waits. */
export type AfterRow = (offset: number, line: number) => Promise<void> | undefined;

/**
 * Read the lines of a source into the sink, from a place on.
 * @param pieces  the whole content, uncompressed
 * @param from    byte of the content at which a line begins, and how many lines lie before it
 * @param store   takes the images of rows that have any
 */
export async function readLineRows(
  { path, format }: Recognised,
  pieces: AsyncIterable<Buffer>,
  from: { offset: number; line: number },
  sink: RowSink,
  lookups: Lookups,
  store: StoreImages | undefined,
  afterRow: AfterRow,
): Promise<void> {
  const read = lineReader(path, format, sink, lookups, rowTaker(sink, store));
  let { offset, line } = from;
  for await (const { bytes, tooLong } of lineBlocks(skipBytes(pieces, offset))) {
    if (tooLong !== undefined) {
      line++;
      offset += tooLong;
      sink.reject(path, line, TOO_LONG, bytes.toString());
      await afterRow(offset, line);
      continue;
    }
    const isValid = isUtf8(bytes) && !bytes.includes(0);
    for (let begin = offset === 0 ? markLength(bytes) : 0; begin < bytes.length;) {
      const feed = bytes.indexOf(LINE_FEED, begin);
      const next = feed < 0 ? bytes.length : feed + 1;
      let end = feed < 0 ? next : feed;
      if (end > begin && bytes[end - 1] === CARRIAGE_RETURN) end--;
      line++;
      if (!isBlank(bytes, begin, end)) {
        const invalid = isValid ? undefined : explainInvalid(bytes.subarray(begin, end));
        const taken = invalid === undefined ? read(line, bytes, begin, end) : undefined;
        if (taken !== undefined) await taken;
        if (invalid !== undefined)
          sink.reject(path, line, invalid, bytes.toString('latin1', begin, Math.min(end, begin + 500)));
      }
      const wait = afterRow(offset + next, line);
      if (wait !== undefined) await wait;
      begin = next;
    }
    offset += bytes.length;
  }
}

/**
 * Read the rows of a Parquet file into the sink.
 * @param from   rows that are left out at its beginning
 * @param store  as in `readLineRows`
 */
export async function readParquetRows(
  { path, format }: Recognised,
  from: number,
  sink: RowSink,
  lookups: Lookups,
  store: StoreImages | undefined,
  afterRow: AfterRow,
): Promise<void> {
  const take = rowTaker(sink, store);
  const folder = dirname(path);
  const parse = recordParsers[format as keyof typeof recordParsers];
  let line = from;
  for await (const row of (await openParquet(path)).read(from, isRecordField)) {
    line++;
    await take(path, line, parse(row, lookups, folder), () => describe(row));
    await afterRow(line, line);
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const TAB = 9;

type LineReader = (line: number, bytes: Buffer, begin: number, end: number) => Promise<void> | void;

function lineReader(
  path: string,
  format: Recognised['format'],
  sink: RowSink,
  lookups: Lookups,
  take: TakeRow,
): LineReader {
  if (format === 'triples') return tripleReader(path, sink);
  if (format === 'id-triples') return idTripleReader(path, sink, lookups, take);
  const folder = dirname(path);
  const parse = recordParsers[format as keyof typeof recordParsers];
  return (line, bytes, begin, end) => {
    const json = bytes.toString('utf8', begin, end);
    const row = parseRecord(json);
    return take(path, line, typeof row === 'string' ? row : parse(row, lookups, folder), () => json);
  };
}

function explainInvalid(line: Buffer): string | undefined {
  if (!isUtf8(line)) return 'not UTF-8';
  return line.includes(0) ? 'a NUL byte, which no text holds' : undefined;
}

function tripleReader(path: string, sink: RowSink): LineReader {
  const bounds = [0, 0, 0, 0, 0, 0];
  const findCells = cellFinder(bounds);
  return (line, bytes, begin, end) => {
    const isHeader = line === 1 && HEADER.test(bytes.toString('latin1', begin, Math.min(end, begin + 100)));
    const reason = isHeader ? 'the names of columns' : (findCells(bytes, begin, end) ?? emptyCell(bytes, bounds));
    const hasNegative = reason === undefined && !isBlank(bytes, bounds[4]!, bounds[5]!);
    if (hasNegative) sink.addTriple(textId(bytes, begin, bounds[1]), bytes, bounds);
    else if (reason === undefined) sink.add(path, line, withoutNegative(bytes, bounds));
    else sink.reject(path, line, reason, bytes.toString('utf8', begin, Math.min(end, begin + 1000)));
  };
}

function idTripleReader(path: string, sink: RowSink, lookups: Lookups, take: TakeRow): LineReader {
  const findCells = cellFinder([0, 0, 0, 0, 0, 0]);
  return (line, bytes, begin, end) => {
    const content = bytes.toString('utf8', begin, Math.min(end, begin + 1000));
    const reason = findCells(bytes, begin, end);
    if (reason !== undefined) return sink.reject(path, line, reason, content);
    const [id, positive, negative] = content.split('\t') as [string, string, string];
    const row = { qid: id, pos: [positive], neg: [negative] };
    return take(path, line, recordParsers['hard-negatives'](row, lookups), () => content);
  };
}

/**
 * Make a function that puts begin and end of the three cells of a line into `bounds`, or says why there are none. It
 * remembers the tab behind the line, so that a block is searched once, however many of its lines have no tab.
 */
function cellFinder(bounds: number[]) {
  let block: Buffer | undefined;
  let behind = 0;
  const tabFrom = (at: number) => {
    const tab = block!.indexOf(TAB, at);
    return tab < 0 ? Infinity : tab;
  };
  return (bytes: Buffer, begin: number, end: number): string | undefined => {
    const isKnown = block === bytes && behind >= begin;
    block = bytes;
    const first = isKnown ? behind : tabFrom(begin);
    const second = first < end ? tabFrom(first + 1) : first;
    const third = second < end ? tabFrom(second + 1) : second;
    behind = third < end ? tabFrom(end) : third;
    if (second >= end || third < end) return 'not three columns split by tabs';
    bounds[0] = begin;
    bounds[1] = first;
    bounds[2] = first + 1;
    bounds[3] = second;
    bounds[4] = second + 1;
    bounds[5] = end;
    return undefined;
  };
}

function emptyCell(bytes: Buffer, bounds: number[]): string | undefined {
  for (const [cell, name] of ['query', 'positive'].entries())
    if (isBlank(bytes, bounds[2 * cell]!, bounds[2 * cell + 1]!)) return `${name} empty`;
  return undefined;
}

/** A blank negative is none, as in the other formats that hold one text to a column. */
function withoutNegative(bytes: Buffer, bounds: number[]): Example {
  const text = (cell: number) => bytes.toString('utf8', bounds[2 * cell], bounds[2 * cell + 1]);
  const positives = [{ id: '', title: '', text: text(1) }];
  return { id: textId(bytes, bounds[0], bounds[1]), query: text(0), positives, negatives: [] };
}

/** A first line that tells what the columns hold; as a row it would teach that "query" is answered by "positive". */
const HEADER =
  /^(query|anchor|question|q|sentence1?)\t(pos\w*|answer|passage|document|sentence2)\t(neg\w*|sentence3)$/i;

/** Whether there is nothing but white space. */
function isBlank(bytes: Buffer, begin: number, end: number): boolean {
  let at = begin;
  while (at < end && bytes[at]! <= 0x20) at++;
  // Beyond ASCII white space is rare, and only text can tell.
  return at === end || (bytes[at]! >= 0x80 && end - at < 64 && strip(bytes.toString('utf8', at, end)) === '');
}

async function* skipBytes(pieces: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const piece of pieces) {
    if (left < piece.length) yield piece.subarray(left);
    left -= Math.min(left, piece.length);
  }
}

function markLength(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

const describe = (row: unknown) =>
  JSON.stringify(row, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    return value instanceof Uint8Array ? `${value.length} bytes` : value;
  }).slice(0, 1000);
