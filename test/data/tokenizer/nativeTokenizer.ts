import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The tokenizers library that Python has too, bound to Node.js. */
interface Library {
  Tokenizer: { fromFile(path: string): Native };
}
interface Native {
  encode(text: string, pair: null, options: { addSpecialTokens: boolean }): Promise<{ getIds(): number[] }>;
}

/** @returns ids of a text alone, or null where the library has no binary for this machine */
export function nativeTokenizer(folder: string): ((text: string) => Promise<number[]>) | null {
  let library: Library;
  try {
    library = createRequire(import.meta.url)('@anush008/tokenizers') as Library;
  } catch {
    return null;
  }
  const tokenizer = library.Tokenizer.fromFile(join(folder, 'tokenizer.json'));
  return async (text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
}
