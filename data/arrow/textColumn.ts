/** Texts one after the other as Arrow lays them out: UTF-8 bytes, and where each text begins. It grows as needed. */
export interface TextColumn {
  bytes: Buffer;
  /** How many of the bytes are taken. */
  used: number;
  /** `count` + 1 are taken: the start of each text and the end of the last. */
  offsets: Int32Array;
  count: number;
}

/** A list of texts for each row; `ends[row]` is the place after the row's last text. It grows as needed. */
export interface TextLists {
  texts: TextColumn;
  ends: Int32Array;
  rows: number;
}

/** Lists without rows. */
export const createTextLists = (rows: number): TextLists => ({
  texts: createTextColumn(0, rows),
  ends: new Int32Array(rows),
  rows: 0,
});

/** Add the list of one row. */
export function addTexts(lists: TextLists, texts: readonly string[]): void {
  for (const text of texts) addText(lists.texts, text);
  if (lists.rows === lists.ends.length) lists.ends = enlarge(lists.ends, 2 * lists.rows + 1);
  lists.ends[lists.rows++] = lists.texts.count;
}

/** Take back the list of every row from the `rows`th on. */
export function shortenLists(lists: TextLists, rows: number): void {
  lists.rows = rows;
  shorten(lists.texts, rows === 0 ? 0 : lists.ends[rows - 1]!);
}

/** An empty column with room for so many bytes and texts; its buffers are its own, to be handed to another thread. */
export function createTextColumn(bytes: number, texts: number): TextColumn {
  return { bytes: Buffer.allocUnsafeSlow(bytes), used: 0, offsets: new Int32Array(texts + 1), count: 0 };
}

/** Add the bytes [from, to) of a buffer as one text; that they are UTF-8 is for the caller to know. */
export function addBytes(column: TextColumn, source: Buffer, from: number, to: number): void {
  reserve(column, to - from);
  source.copy(column.bytes, column.used, from, to);
  endText(column, to - from);
}

/** Add one text. */
export function addText(column: TextColumn, text: string): void {
  // A code unit takes three bytes at most; only for long texts is it worth counting them.
  reserve(column, text.length < 2 ** 16 ? 3 * text.length : Buffer.byteLength(text));
  endText(column, column.bytes.write(text, column.used, 'utf8'));
}

/** Take back every text from the `count`th on. */
export function shorten(column: TextColumn, count: number): void {
  column.count = count;
  column.used = column.offsets[count]!;
}

function endText(column: TextColumn, length: number): void {
  column.used += length;
  column.count++;
  if (column.count === column.offsets.length) column.offsets = enlarge(column.offsets, 2 * column.count);
  column.offsets[column.count] = column.used;
}

function reserve(column: TextColumn, length: number): void {
  const needed = column.used + length;
  if (needed <= column.bytes.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * column.bytes.length));
  column.bytes.copy(larger, 0, 0, column.used);
  column.bytes = larger;
}

function enlarge(offsets: Int32Array, length: number): Int32Array {
  const larger = new Int32Array(length);
  larger.set(offsets);
  return larger;
}
