import { leastCosine } from './leastCosine.js';
import { whole, type Result } from '../report/result.js';
import { makePages, makeVisionBase } from '../setting/pages.js';
import type { Setting } from '../setting/setting.js';
import { startPython, startTercet } from '../worker/workerProcess.js';
import { comparison, takeTurns, valuesOf } from './takeTurns.js';

/** 256 tokens a page. */
const maxPixels = 256 * 28 * 28;
const pagesInRound = 4;
/** Embeddings of the same page must come so close. */
const leastAgreement = 0.9999;

/**
 * Pages as images, from the file to the embedding, against transformers in turns: the same decoder and tower in float32.
 * Each round has pages of its own.
 */
export async function pagesAgainst(setting: Setting, python: string, tell: (line: string) => void): Promise<Result> {
  const base = await makeVisionBase(setting);
  const rounds: string[] = [];
  for (let round = 0; round <= setting.rounds; round++)
    rounds.push(await makePages(round * pagesInRound, pagesInRound));
  const asks = { base, maxPixels };
  const batchSize = await fastestBatch(python, asks, rounds[0]!, tell);
  const turns = await takeTurns(
    setting,
    python,
    {
      ours: {
        open: (worker) => worker.ask('openPages', asks),
        work: (worker, round) => worker.ask('encodePages', { pages: rounds[round]! }),
      },
      theirs: {
        open: (worker) => worker.ask('openPages', asks),
        work: (worker, round) => worker.ask('encodePages', { pages: rounds[round]!, batchSize }),
      },
    },
    tell,
  );
  const [own, other] = [turns.ours.replies[0]!.sample, turns.theirs.replies[0]!.sample];
  const cosine = leastCosine(own, other, own.length);
  if (!(cosine >= leastAgreement))
    throw new Error(`the embeddings of both sides differ: of one page they have cosine ${cosine.toFixed(5)}`);
  const [few, many] = await peaks(asks, rounds[0]!, await makePages(0, 4 * pagesInRound));
  const { header, rows, ratios } = comparison('pages', 'pages/s', pagesInRound, turns);
  return {
    name: 'pages-against',
    title: 'Pages as images against transformers',
    about:
      `${whole(pagesInRound)} pages of A4 at 150 dots an inch in a round, PNG, ${maxPixels / 28 / 28} tokens each at most, ` +
      `decoding included, float32; transformers in batches of ${batchSize}, the faster of two. Cosine between the ` +
      `embeddings of one page: ${cosine.toFixed(6)}.`,
    header,
    rows: [...rows, ['our peak with 4 times the pages', '', '', (many! / few!).toFixed(2), '']],
    ratios,
    values: { batchSize, cosine, peaks: [few, many], ...valuesOf(turns) },
  };
}

/** Of batches of one page and of four. */
async function fastestBatch(
  python: string,
  asks: { base: string; maxPixels: number },
  pages: string,
  tell: (line: string) => void,
): Promise<number> {
  const worker = startPython(python);
  try {
    await worker.ask('openPages', asks);
    await worker.ask('encodePages', { pages, batchSize: 1 });
    const seconds = [];
    for (const batchSize of [1, 4]) {
      seconds.push((await worker.ask('encodePages', { pages, batchSize })).seconds);
      tell(`python, batches of ${batchSize}: ${seconds.at(-1)!.toFixed(1)} s`);
    }
    return seconds[0]! <= seconds[1]! ? 1 : 4;
  } finally {
    await worker.close();
  }
}

/** What a process has held at most after the first list of pages, and after the second. */
async function peaks(asks: { base: string; maxPixels: number }, ...lists: string[]): Promise<number[]> {
  const worker = startTercet();
  try {
    await worker.ask('openPages', asks);
    const found = [];
    for (const pages of lists) {
      await worker.ask('encodePages', { pages });
      found.push((await worker.ask('memory', { reset: false })).peak);
    }
    return found;
  } finally {
    await worker.close();
  }
}
