/** Whole lines, line ends included; only the last line of a source may lack its own. */
export interface LineBlock {
  bytes: Buffer;
  /** Set where `bytes` is only the beginning of one line that is too long: its length. */
  tooLong?: number;
}

/** A longer line is left out without being held in memory. */
const LONGEST_LINE_BYTES = 64 * 2 ** 20;
/** Why it is left out. */
export const TOO_LONG = `line longer than ${LONGEST_LINE_BYTES / 2 ** 20} MB`;
const SHOWN_OF_TOO_LONG = 1024;

/**
 * Cut pieces of a text file into blocks of whole lines. Only \n ends a line.
 * @param longest  in bytes, line end not counted
 */
export async function* lineBlocks(
  pieces: AsyncIterable<Buffer>,
  longest = LONGEST_LINE_BYTES,
): AsyncGenerator<LineBlock> {
  /** The line that is not complete yet. */
  let begun: Buffer[] = [];
  let length = 0;
  const finishLine = (): LineBlock => {
    const bytes = begun.length === 1 ? begun[0]! : Buffer.concat(begun);
    const isTooLong = length > longest + 1;
    const block = isTooLong ? { bytes: bytes.subarray(0, SHOWN_OF_TOO_LONG), tooLong: length } : { bytes };
    begun = [];
    length = 0;
    return block;
  };
  for await (const piece of pieces) {
    let from = 0;
    if (length > 0) {
      from = piece.indexOf(LINE_FEED) + 1;
      const part = from === 0 ? piece : piece.subarray(0, from);
      length += part.length;
      if (length <= longest + 1) begun.push(part);
      else begun.splice(1); // of a line that is too long only the beginning is of use
      if (from === 0) continue;
      yield finishLine();
    }
    const to = piece.lastIndexOf(LINE_FEED) + 1;
    if (to > from) yield { bytes: piece.subarray(from, to) };
    if (piece.length > Math.max(from, to)) {
      begun = [piece.subarray(Math.max(from, to))];
      length = begun[0]!.length;
    }
  }
  if (length > 0) yield finishLine();
}

const LINE_FEED = 10;
