import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readRange } from '../files/read/readRange.js';
import { cacheFiles, parseTokenCacheFacts, type TokenCacheFacts, type TokenCachePlace } from './tokenCachePlace.js';
import { unpackRecord } from './tokenRecord.js';

/** The tokens of every text of a training file, read row by row. */
export interface TokenCache {
  facts: TokenCacheFacts;
  /**
   * The tokens of a row: its query, its positives, its negatives.
   * @returns undefined when they are damaged; the cache is then given up, and made anew when it is asked for again
   */
  read(row: number): Promise<Int32Array[] | undefined>;
  close(): Promise<void>;
}

/**
 * Open the tokens kept of a file. Nothing is read but where the rows lie and the rows that are asked for.
 * @param onDamage  told once, when a row turns out to be damaged
 * @returns undefined where there are none; `damaged` where they are not complete
 */
export async function openTokenCache(
  { folder, key }: TokenCachePlace,
  onDamage: () => void = () => {},
): Promise<TokenCache | 'damaged' | undefined> {
  const text = await readFile(join(folder, cacheFiles.about), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const facts = parseTokenCacheFacts(text);
  const [rows, tokens] = await Promise.all(
    [cacheFiles.rows, cacheFiles.tokens].map((name) => open(join(folder, name)).catch(() => undefined)),
  );
  const close = async () => {
    await rows?.close();
    await tokens?.close();
  };
  const isWhole =
    facts?.key === key &&
    (await rows?.stat())?.size === 8 * (facts.rows + 1) &&
    (await tokens?.stat())?.size === facts.bytes;
  if (!facts || !rows || !tokens || !isWhole) {
    await close();
    return 'damaged';
  }
  let isDamaged = false;
  return {
    facts,
    async read(row) {
      if (isDamaged) return undefined;
      const place = await readRange(rows, 8 * row, 16);
      const [begin, end] = [place.readDoubleLE(0), place.readDoubleLE(8)];
      const isInside = begin >= 0 && end > begin && end <= facts.bytes && (end - begin) % 4 === 0;
      const record = isInside ? new Int32Array((end - begin) / 4) : new Int32Array(0);
      if (isInside) await readRange(tokens, begin, end - begin, new Uint8Array(record.buffer));
      const texts = unpackRecord(record);
      if (texts) return texts;
      isDamaged = true;
      await rm(join(folder, cacheFiles.about), { force: true }); // so that it is made anew
      onDamage();
      return undefined;
    },
    close,
  };
}
