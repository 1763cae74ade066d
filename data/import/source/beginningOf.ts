import { lineBlocks } from './lineBlocks.js';
import { openSource } from './openSource.js';

/** Whole lines from the beginning of the file, uncompressed: of a line that is longer than the sample, its start. */
export async function beginningOf(path: string): Promise<Buffer> {
  const source = await openSource(path);
  const blocks: Buffer[] = [];
  let length = 0;
  try {
    for await (const { bytes } of lineBlocks(source.pieces)) {
      blocks.push(bytes);
      if ((length += bytes.length) >= SAMPLE_BYTES) break;
    }
  } finally {
    await source.close();
  }
  return Buffer.concat(blocks);
}

const SAMPLE_BYTES = 2 ** 18;
