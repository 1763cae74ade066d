import { UserError } from '../../../configs/userError.js';
import { visibleCards } from '../../../model/engine/native/cards.js';
import { availableMemory } from '../../../model/machine.js';
import { bestEncoding, bestTraining, type TrainChoice } from './bestSettings.js';
import { poolName } from '../worker/pool.js';
import { megabytes, whole, type Result } from '../report/result.js';
import { makeAdapter, makePool, writeInput, type Setting } from '../setting/setting.js';
import { describePlan } from '../measure/timing.js';
import { leastCosine } from './leastCosine.js';
import { comparison, takeTurns, valuesOf } from './takeTurns.js';

type Tell = (line: string) => void;

/** Embeddings of the same text must come so close, rounded over many layers; those of texts with another token are far off. */
const leastAgreement = 0.95;
/** Share by which the first loss may differ: what rounding to bfloat16 does over many layers. */
const mostLossOff = 0.05;

/** Passages a query, and texts to encode, that warm up: enough for all kinds of work, few enough to cost little. */
const warmingPassages = 6;
const warmingTexts = 64;

/**
 * A training step against sentence-transformers with PEFT: the same base, adapter, tokens and update, in turns.
 * @param order  of texts on the other side: `pool` is what the library does, `sorted` adds sorting by length to it
 */
export async function trainAgainst(
  setting: Setting,
  python: string,
  order: TrainChoice['order'],
  tell: Tell,
): Promise<Result> {
  const { choice, trials } = await bestTraining(setting, python, order, tell);
  const { file, pool } = makePool(setting, setting.pool);
  const { queries, passagesPerQuery } = setting.pool;
  const warming = makePool(setting, { queries, passagesPerQuery: Math.min(passagesPerQuery, warmingPassages) }).file;
  const poolOf = (round: number) => (round === 0 ? warming : file);
  const adapter = await makeAdapter(setting);
  const { base, precision } = setting;
  // The engine keeps what it took, so that all of it would leave the other side nothing.
  const half = visibleCards(process.env) === 0 ? { memoryBytes: Math.floor(availableMemory() / 2) } : {};
  const plan = { ...half, ...setting.plan };
  const tokens = [...pool.queryTokens, ...pool.passageTokens].reduce((sum, ids) => sum + ids.length, 0);
  const turns = await takeTurns(
    setting,
    python,
    {
      ours: {
        async open(worker) {
          const opened = await worker.ask('open', { base, precision, adapter });
          for (const pool of [warming, file]) await worker.ask('plan', { pool, plan });
          return opened;
        },
        work: (worker, round) => worker.ask('train', { pool: poolOf(round), plan }),
      },
      theirs: {
        open: (worker) => worker.ask('open', { base, adapter, ...choice }),
        work: (worker, round) => worker.ask('train', { pool: poolOf(round), plan, ...choice }),
      },
    },
    tell,
  );
  const losses = (side: 'ours' | 'theirs') => turns[side].replies.map(({ loss }) => loss);
  const [own, other] = [losses('ours')[0]!, losses('theirs')[0]!];
  if (!(Math.abs(own / other - 1) <= mostLossOff))
    throw new Error(`the first losses of both sides differ: ours ${own}, theirs ${other}`);
  const how = order === 'sorted' ? ', its texts sorted by length over all columns (not in the library)' : '';
  return {
    name: order === 'sorted' ? 'train-against-sorted' : 'train-against',
    title: `Training step against sentence-transformers${order === 'sorted' ? ', sorted' : ''}`,
    about:
      `Pool ${poolName(setting.pool)}, ${whole(tokens)} tokens of text, ${precision}; ` +
      `CachedMultipleNegativesRankingLoss with PEFT LoRA${how} at the fastest of ${trials.length} settings: ` +
      `${JSON.stringify(choice)}. Loss of the first steps: ours ${shortList(losses('ours'))}, theirs ${shortList(losses('theirs'))}. ` +
      `Theirs was chosen for speed alone; ours was ` +
      `${plan.memoryBytes === undefined ? 'free to take the card' : `told to stay within ${megabytes(plan.memoryBytes)}`}: ` +
      `${describePlan(turns.ours.replies.at(-1)!.plan, turns.ours.peak)}.`,
    ...comparison('training step', 'tokens/s', tokens, turns),
    values: { tokens, choice, trials, losses: { ours: losses('ours'), theirs: losses('theirs') }, ...valuesOf(turns) },
  };
}

/**
 * Encoding passages, tokenizing included, against `SentenceTransformer.encode`, in turns. Each round takes its own share
 * of the passages, so that all of them are encoded once by each side.
 */
export async function encodeAgainst(setting: Setting, python: string, tell: Tell): Promise<Result> {
  const { base, precision, batchTokens, rounds } = setting;
  const share = Math.max(1, Math.floor(setting.passages / rounds));
  const passages = share * rounds;
  const some = setting.texts.texts('passage', passages);
  if (!some)
    throw new UserError(
      'encoding against python needs real texts; set ORACLES to the folder of real data that has them',
    );
  const { choice, trials } = await bestEncoding(setting, python, tell);
  const shares = [
    writeInput('passages-to-warm-up', some.slice(0, warmingTexts)),
    ...Array.from({ length: rounds }, (_, round) =>
      writeInput(`passages-${passages}-${round + 1}`, some.slice(round * share, (round + 1) * share)),
    ),
  ];
  const tokens = setting.texts.tokens('passage', passages).reduce((sum, ids) => sum + ids.length, 0);
  const turns = await takeTurns(
    setting,
    python,
    {
      ours: {
        open: (worker) => worker.ask('open', { base, precision }),
        work: (worker, round) => worker.ask('encode', { texts: shares[round]!, chunkTokens: batchTokens }),
      },
      theirs: {
        open: (worker) => worker.ask('open', { base, ...choice }),
        work: (worker, round) => worker.ask('encode', { texts: shares[round]!, chunkTokens: batchTokens, ...choice }),
      },
    },
    tell,
  );
  const cosine = leastCosine(turns.ours.replies[0]!.sample, turns.theirs.replies[0]!.sample, setting.config.hidden);
  if (cosine < leastAgreement)
    throw new Error(`the embeddings of both sides differ: of one text they have cosine ${cosine.toFixed(5)}`);
  return {
    name: 'encode-against',
    title: 'Encoding against sentence-transformers',
    about:
      `${whole(passages)} passages, ${whole(share)} in a round, ${whole(tokens)} tokens, ${precision}, tokenizing included; ` +
      `SentenceTransformer.encode at the fastest of ${trials.length} settings: ${JSON.stringify(choice)}. ` +
      `Least cosine between the embeddings of both, over the first texts: ${cosine.toFixed(5)}.`,
    ...comparison('encoding', 'passages/s', share, turns),
    values: { tokens, passages, share, choice, trials, leastCosine: cosine, ...valuesOf(turns) },
  };
}

const shortList = (values: number[]) =>
  values
    .slice(0, 3)
    .map((value) => value.toFixed(4))
    .join(', ');
