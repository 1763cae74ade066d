import type { ExampleFile } from '../../../data/arrow/openExamples.js';
import type { TokenCache } from '../../../data/tokenCache/openTokenCache.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import type { RunImages } from '../images/openImages.js';

/** What a run holds open while it trains: all of it, or what was opened by now. */
export interface Inputs {
  files?: readonly ExampleFile[];
  /** Kept tokens of each file, where there are any. */
  caches?: readonly (TokenCache | undefined)[];
  images?: RunImages | undefined;
  model?: Model;
}

/** Close the files, end the threads that read images, and free tower and model: all of it, even where some of it fails. */
export async function closeInputs({ files = [], caches = [], images, model }: Inputs): Promise<void> {
  const closings = [...files, ...caches, images?.reader].map((each) => () => each?.close());
  const failures: unknown[] = [];
  for (const close of [...closings, () => model && disposeModel(model)])
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
}

/** Open a run by work that notes what it opens; where the run is refused, that is closed. */
export async function closedWhereRefused<T>(work: (opened: Inputs) => Promise<T>): Promise<T> {
  const opened: Inputs = {};
  try {
    return await work(opened);
  } catch (error) {
    await closeInputs(opened).catch(() => {}); // why the run is refused is what is to be read
    throw error;
  }
}
