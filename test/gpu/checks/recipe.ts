import { loadConfig } from '../../../configs/load/loadConfig.js';
import { shapes } from '../../bench/setting/shapes.js';
import { ask } from '../worker/ask.js';
import { teraflops, type Place } from './checks.js';
import { grownMemory } from './grownMemory.js';
import { judge, skip, type Finding } from './finding.js';
import type { PoolTexts, RecipeFigures } from '../worker/jobs.js';

/** Tokens of a usual query and passage of MS MARCO. */
const usual = { query: 10, passage: 80 };

/** The study's pool, every text of a usual length. */
export function studyPool(isSmall: boolean): PoolTexts {
  const { queriesPerPool, passagesPerQuery } = loadConfig('study').config.training;
  const [queries, each] = isSmall ? [2, 2] : [queriesPerPool, passagesPerQuery];
  return {
    queries: Array.from({ length: queries }, () => usual.query),
    passages: Array.from({ length: queries * each }, () => usual.passage),
  };
}

/** On the processor a small piece of the 7B shape, to see that all works. */
export const smallShape = {
  layers: 2,
  hidden: 64,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  intermediate: 160,
  vocabularySize: 500,
};

/** @param chunkTokens  as the planner chooses where left out */
export const checkRecipe =
  (check: string, chunkTokens?: number) =>
  async (place: Place): Promise<Finding> => {
    const { isProcessor, isQuick, checked } = place;
    if (isQuick && chunkTokens !== undefined) return skip(check, 'not in a quick check');
    const asked = {
      shape: { ...shapes['7b']!, ...(isProcessor && smallShape) },
      texts: studyPool(isProcessor),
      plan: { ...(chunkTokens !== undefined && { chunkTokens }) },
      poolsPerUpdate: loadConfig('study').config.training.poolsPerUpdate,
      updates: isQuick ? 2 : 3,
      seconds: 100,
      encode: !isQuick && chunkTokens === undefined,
      peakSize: isProcessor ? 256 : 8192,
    };
    const settings = isProcessor ? { ...checked, TERCET_CHECK_AS_CARD: undefined, TERCET_XLA: '1' } : checked;
    const figures = (await ask('recipe', asked, settings)).answer;
    const { held, plannedBytes, card } = figures;
    const leaks = held.length > 2 && held.at(-1)!.native !== held[1]!.native;
    const isInPlan = isProcessor || !card || plannedBytes === undefined || card.memoryUsed <= grownMemory(plannedBytes);
    return judge(check, !leaks && isInPlan, recipeText(figures), { ...figures, ...rates(figures) });
  };

/** Of the fastest update; useful operations are those that no way of doing it can spare. */
function rates({ updates, poolQueries, flops, peak, encode }: RecipeFigures) {
  const counted = updates.length > 1 ? updates.slice(1) : updates;
  const seconds = Math.min(...counted.map(({ seconds, pools }) => seconds.all / pools));
  return {
    queriesPerSecond: poolQueries / seconds,
    usefulShare: (flops.forward + flops.backward) / seconds / peak,
    doneShare: (2 * flops.forward + flops.backward) / seconds / peak,
    ...(encode && { encodeShare: encode.flops / peak }),
  };
}

function recipeText(figures: RecipeFigures): string {
  const { plan, plannedBytes, updates, held, card, encode, peak, functions } = figures;
  const { queriesPerSecond, usefulShare, doneShare, encodeShare } = rates(figures);
  const { seconds, pools } = updates.at(-1)!;
  const parts = (['first', 'loss', 'second', 'optimizer'] as const).map(
    (name) => `${name} ${seconds[name].toFixed(2)}`,
  );
  return [
    `${queriesPerSecond.toPrecision(3)} queries/s, ${percent(usefulShare)} of ${teraflops(peak)} useful, ${percent(doneShare)} with what is computed again`,
    `update of ${pools} pools ${seconds.all.toFixed(2)} s (${parts.join(', ')})`,
    `chunks of ${plan.chunkTokens} tokens, ${figures.isPacked ? 'packed' : 'padded'}, ${functions} functions compiled, first pool ${updates[0]!.seconds.all.toFixed(1)} s`,
    `${card ? `${gigabytes(card.memoryUsed)} of the card taken, in regions that double` : 'no card'}, planned ${plannedBytes === undefined ? 'none' : gigabytes(plannedBytes)}`,
    `tensors ${held.map(({ native }) => native).join(', ')}`,
    ...(encode ? [`encoding ${encode.passagesPerSecond.toPrecision(3)} passages/s (${percent(encodeShare!)})`] : []),
  ].join('; ');
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
