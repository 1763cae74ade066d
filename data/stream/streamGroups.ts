import { UserError } from '../../configs/userError.js';
import type { ExampleFile } from '../arrow/openExamples.js';
import { rowsOfEpoch } from './planEpoch.js';
import { seededRandom, shuffle } from '../random.js';
import { streamExamples, type PlacedExample, type Position, type StreamOptions } from './shuffle.js';

/**
 * As `streamExamples`, but rows come in groups of `groupRows` that are of one file each, groups of all files in a random
 * order. A file's last rows of an epoch that fill no group begin its first group of the next epoch. Each file is
 * shuffled in a window of its own, all windows together being of `windowRows`.
 * @throws UserError when `from` was not written by a stream of as many files
 */
export async function* streamGroups(
  files: ExampleFile[],
  options: StreamOptions & { groupRows: number },
): AsyncGenerator<PlacedExample> {
  const { seed, groupRows, weights = files.map(() => 1), from } = options;
  if (from && from.sources?.length !== files.length)
    throw new UserError('the saved place in the training data is of other files; put them back, or start a new run');
  const sources = from ? [...from.sources!] : files.map((): Position => ({ epoch: 0, window: 0, row: 0 }));
  const windowRows = Math.ceil(options.windowRows / files.length);
  const streams = files.map((file, source) => {
    const weight = [weights[source]!];
    return streamExamples([file], { seed, windowRows, weights: weight, from: sources[source]! });
  });
  try {
    let { epoch, window, row } = from ?? { epoch: 0, window: 0, row: 0 };
    for (; ; [epoch, window] = [epoch + 1, 0]) {
      const groups = groupsOfEpoch(files, weights, seed, epoch, groupRows);
      for (; window < groups.length; [window, row] = [window + 1, 0]) {
        const source = groups[window]!;
        for (; row < groupRows; row++) {
          const placed = (await streams[source]!.next()).value as PlacedExample;
          sources[source] = placed.next;
          yield { ...placed, origin: { ...placed.origin, source }, next: after(epoch, window, row) };
        }
      }

      function after(epoch: number, window: number, row: number): Position {
        const place = { sources: [...sources] };
        if (row + 1 < groupRows) return { epoch, window, row: row + 1, ...place };
        if (window + 1 < groups.length) return { epoch, window: window + 1, row: 0, ...place };
        return { epoch: epoch + 1, window: 0, row: 0, ...place };
      }
    }
  } finally {
    for (const stream of streams) await stream.return(undefined);
  }
}

/** The file of each group of an epoch. */
function groupsOfEpoch(files: ExampleFile[], weights: number[], seed: number, epoch: number, groupRows: number) {
  const groups = files.flatMap((file, source) => {
    const [begin, end] = rowsOfEpoch(file, weights[source]!, epoch).map((row) => Math.floor(row / groupRows));
    return Array<number>(end! - begin!).fill(source);
  });
  return shuffle(groups, seededRandom('groups', seed, epoch));
}
