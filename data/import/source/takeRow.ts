import type { Example } from '../../example/example.js';
import type { GivenExample } from './assemble.js';
import type { RowSink } from './rowSink.js';

/** Keeps the images of a row, or says why one of them cannot be used; `content` is what is listed with it. */
export type StoreImages = (given: GivenExample) => Promise<Example | { reason: string; content: string }>;

/** Takes a row as its parser gave it, or why that could not; where it returns a promise, reading waits. */
export type TakeRow = (
  path: string,
  line: number,
  given: GivenExample | string,
  content: () => string,
) => Promise<void> | undefined;

/** Bring rows into a sink, and their images where these are kept. */
export function rowTaker(sink: Pick<RowSink, 'add' | 'reject'>, store: StoreImages | undefined): TakeRow {
  const withImages = async (path: string, line: number, given: GivenExample, store: StoreImages) => {
    const stored = await store(given);
    if ('reason' in stored) sink.reject(path, line, stored.reason, stored.content);
    else sink.add(path, line, stored);
  };
  return (path, line, given, content) => {
    if (typeof given === 'string') sink.reject(path, line, given, content());
    else if (isTextAlone(given)) sink.add(path, line, given);
    else if (store) return withImages(path, line, given, store);
    else sink.reject(path, line, laterImages, content());
    return undefined;
  };
}

const laterImages = 'an image, of which the first rows showed none; --images copy keeps them, none leaves them out';

const isTextAlone = (given: GivenExample): given is GivenExample & Example =>
  given.queryImages === undefined &&
  [...given.positives, ...given.negatives].every(({ images }) => images === undefined);
