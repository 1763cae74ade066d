import type { ModelConfig } from '../modelConfig.js';
import { filledRows } from '../layer/xla/filledRows.js';
import { activationsBytes, inputBytes, type ActivationForm } from './activationsBytes.js';
import { compiledLayerBytes, type CompiledFacts } from './compiledLayerBytes.js';
import { matricesOfLayer } from './shapeArithmetic.js';

/** How a training step uses memory: what is computed once, and what again. */
export interface MemoryPlan {
  /** Tokens that are in the model at one time, padding included where texts are padded. */
  chunkTokens: number;
  /** Layers whose intermediates wait for the backward pass instead of being recomputed in it (gradient checkpointing). */
  savedLayers: number;
  /** What the first pass over a pool may leave for the second, in bytes. */
  keptBytes: number;
  /** Predicted bytes at the fullest moment, by kind. */
  bytes: MemoryKinds;
  /** Work of a step in forward passes, by count of operations. */
  forwardPasses: number;
}

export interface MemoryKinds {
  /** Node.js, TensorFlow and what they hold before a model is loaded; on a card CUDA. */
  process: number;
  weights: number;
  /** Embedding table, where it is on the device. */
  table: number;
  /** Adapter matrices, their gradients, and the optimizer's two moments. */
  adapters: number;
  /** Layer inputs that the first pass leaves for the second. */
  kept: number;
  /** Activations of the saved layers of one chunk. */
  activations: number;
  /** What one layer needs while it is at work, its cast weights included. */
  working: number;
  /** Embeddings of the pool with their gradients. */
  embeddings: number;
  /** The vision tower, where images are read: its weights, and what it takes beyond the pool's passes, which come after it. */
  tower?: number;
  /** What it has made of the images of an update, where that lies in the same memory. */
  features?: number;
  /** What the loss takes beyond what a layer at work does, which then is not there. */
  loss: number;
}

export interface PlanFacts extends ActivationForm {
  /** Bytes of a frozen weight on the device. */
  weightBytes: 2 | 4 | 8;
  /** Are weights held in bfloat16 cast for each product? */
  casts: boolean;
  /** Does the engine save activations (fused operations), or only layer inputs? */
  savesActivations: boolean;
  /** What layers are compiled for by XLA, where they are. */
  compiled: CompiledFacts['compiled'] | undefined;
  /** Bytes of the embedding table on the device. */
  tableBytes: number;
  /** Tokens whose work takes as long as starting the operations of a chunk does. */
  startTokens: number;
  /** Is memory that is left over of use to nobody, as on a card? */
  leavesNothing: boolean;
  /** Elements of all adapter matrices. */
  adapterElements: number;
  /** Tokens and texts of a pool. */
  poolTokens: number;
  poolQueries: number;
  poolPassages: number;
  processBytes: number;
  /** Bytes of the vision tower, where images are read. */
  tower?: TowerBytes | undefined;
}

/** What a vision tower takes of the device's memory. */
export interface TowerBytes {
  weights: number;
  /** A block at work on the largest image. */
  working: number;
  /** Features of the images of an update; on a card they lie outside of its memory. */
  features: number;
}

const float = Float32Array.BYTES_PER_ELEMENT;

/** Queries times passages that the loss looks at together. A table takes 16 MB: enough work for every core, little beside a layer. */
export const lossBlockElements = 2 ** 22;

/** Tables of a block that the loss holds at one time. */
const lossTables = 13;

/** What is settled before a step is planned. */
export interface Fixed {
  /** By the user. */
  chunkTokens?: number;
  /** The second pass is over other chunks than the first, so that nothing can be left for it. */
  keepsNothing?: boolean;
}

/**
 * Plan a training step: the fastest way by count of operations that stays below the budget, and of ways within 3 % of
 * it the one that takes least memory or, where what is left over is of use to nobody, that with the largest chunks.
 * @param budgetBytes  for the whole process, on a card of its memory
 * @returns undefined when not even the smallest way fits
 */
export function planMemory(facts: PlanFacts, budgetBytes: number, fixed: Fixed = {}): MemoryPlan | undefined {
  const plans = waysOf(facts, budgetBytes, fixed).filter((plan) => peakBytes(plan.bytes) <= budgetBytes);
  const best = Math.min(...plans.map((plan) => plan.forwardPasses));
  const good = plans.filter((plan) => plan.forwardPasses <= best * 1.03);
  const [least, largest] = [
    (x: MemoryPlan, y: MemoryPlan) => peakBytes(x.bytes) - peakBytes(y.bytes),
    (x: MemoryPlan, y: MemoryPlan) => y.chunkTokens - x.chunkTokens || x.forwardPasses - y.forwardPasses,
  ];
  return good.sort(facts.leavesNothing ? largest : least)[0];
}

/** The plan in one line, for people: the sum, its parts from the largest on, and the way it was chosen. */
export function describePlan(
  { bytes, chunkTokens, savedLayers, keptBytes }: MemoryPlan,
  { layers }: { layers: number },
): string {
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(2)} GB`;
  const parts = (Object.entries(bytes) as [string, number][])
    .filter(([, count]) => count >= 5e6)
    .sort(([, x], [, y]) => y - x)
    .map(([kind, count]) => `${kind} ${gigabytes(count)}`);
  const again = keptBytes > 0 ? 'first pass kept' : `${savedLayers} of ${layers} layers not recomputed`;
  return `${gigabytes(peakBytes(bytes))} at most: ${parts.join(', ')}; chunks of ${chunkTokens} tokens, ${again}`;
}

/** The least that a training step can be done with, in bytes. */
export function smallestPeak(facts: PlanFacts, fixed: Fixed = {}): number {
  return Math.min(...waysOf(facts, 0, fixed).map(({ bytes }) => peakBytes(bytes)));
}

/** Sum over all kinds. */
export function peakBytes(bytes: MemoryKinds): number {
  return (Object.values(bytes) as number[]).reduce((sum, part) => sum + part, 0);
}

function waysOf(facts: PlanFacts, budgetBytes: number, { chunkTokens, keepsNothing }: Fixed): MemoryPlan[] {
  const { config, poolTokens, longestText } = facts;
  const smallest = Math.max(longestText, 64);
  const sizes = chunkTokens ? [chunkTokens] : chunkSizes(facts).map((c) => Math.max(c, smallest));
  const saved =
    facts.savesActivations || facts.keepsTapes
      ? [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * config.layers))
      : [0];
  return [...new Set(sizes)].flatMap((size) =>
    saved.flatMap((savedLayers) => {
      const chunk = Math.min(size, poolTokens);
      const bare = bytesOf(facts, chunk, savedLayers, 0);
      const room = Math.max(0, budgetBytes - peakBytes(bare));
      const inputs = inputBytes(config, poolRows(facts, chunk));
      const everything = inputs + allActivations(facts);
      const kept = keepsNothing ? [0] : [0, Math.min(inputs, room), Math.min(everything, room)];
      return [...new Set(kept)].map((keptBytes) => ({
        chunkTokens: size,
        savedLayers,
        keptBytes,
        bytes: bytesOf(facts, chunk, savedLayers, keptBytes),
        forwardPasses: workOf(facts, chunk, savedLayers, keptBytes),
      }));
    }),
  );
}

/** Tokens of a chunk that are tried: on a card as many more as its operations take to be started. */
const chunkSizes = ({ leavesNothing, compiled }: PlanFacts) => [
  256,
  512,
  1024,
  2048,
  4096,
  8192,
  16384,
  ...(leavesNothing && !compiled ? [32768, 65536] : []),
];

function bytesOf(facts: PlanFacts, chunk: number, savedLayers: number, kept: number): MemoryKinds {
  const { config, weightBytes, adapterElements, poolQueries, poolPassages, processBytes } = facts;
  const { hidden, layers, intermediate } = config;
  const cast = facts.casts ? float * 2 * hidden * intermediate : 0;
  const allKept = kept >= inputBytes(config, poolRows(facts, chunk));
  const rows = rowsOf(facts, chunk);
  const secondPass = allKept
    ? 0
    : inputBytes(config, rows) + activationsBytes(facts, savedLayers, rows, textsOf(facts, chunk));
  const working = layerBytes(facts, chunk) + cast;
  const { tower } = facts;
  const passes = kept + secondPass + working;
  return {
    process: processBytes,
    weights: weightBytes * layers * matricesOfLayer(config),
    table: facts.tableBytes,
    adapters: float * adapterElements * 5,
    kept,
    activations: secondPass,
    working,
    ...(tower && {
      tower: tower.weights + Math.max(0, tower.working - passes),
      features: tower.features,
    }),
    embeddings: float * (poolQueries + poolPassages) * hidden * 2,
    loss: Math.max(0, lossBytes(facts) - working - secondPass),
  };
}

/** Rows that a chunk makes in the model: compiled layers fill them up. */
const rowsOf = ({ compiled }: PlanFacts, chunk: number): number => (compiled ? filledRows(chunk) : chunk);

/** Those of all chunks of the pool. */
const poolRows = (facts: PlanFacts, chunk: number): number =>
  facts.compiled ? Math.ceil(facts.poolTokens / chunk) * rowsOf(facts, chunk) : facts.poolTokens;

function layerBytes(facts: PlanFacts, tokens: number): number {
  const { compiled } = facts;
  if (compiled) return compiledLayerBytes({ ...facts, compiled }, tokens);
  return facts.savesActivations ? packedLayerBytes(facts.config, tokens) : paddedLayerBytes(facts, tokens);
}

/**
 * A layer in fused operations beside its input. Fullest in the backward pass of the feed-forward half (gate and up, their
 * gradients, the gated product and its gradient) or, where that is narrow, in its forward pass. Counted, exactly.
 */
function packedLayerBytes(
  { hidden, layers, intermediate, heads, kvHeads, headDim }: ModelConfig,
  tokens: number,
): number {
  const attended = 2 * (heads + 2 * kvHeads) * headDim + Math.max(heads * headDim, hidden);
  if (layers === 1) return float * tokens * attended; // behind the attention the last layer has a row for each text
  const feedForward = Math.max(6 * intermediate + 2 * hidden, 3 * intermediate + 3 * hidden);
  return float * tokens * (feedForward + 2 * (heads + kvHeads) * headDim);
}

/**
 * The backward pass of a layer under the tape, which lets go of nothing before its end: values, masks and gradients of
 * every operation, and four tables of attention scores beside the causal mask. Counted on bases of four shapes and texts
 * of two lengths, all within 1 %.
 */
function paddedLayerBytes({ config, longestText }: PlanFacts, tokens: number): number {
  const { hidden, intermediate, heads, kvHeads, headDim } = config;
  const numbers = 62 * hidden + 24 * intermediate + 27 * heads * headDim + 4 * heads * longestText;
  return float * (tokens * numbers + (heads / kvHeads) * longestText ** 2);
}

/** Tables of a block of the loss and, where there are several blocks, sums of gradients while the next one is added. */
function lossBytes({ config, poolQueries, poolPassages }: PlanFacts): number {
  const elements = poolQueries * poolPassages;
  const block = Math.min(elements, Math.max(lossBlockElements, poolPassages));
  const sums = elements > block ? (2 * poolPassages + poolQueries) * config.hidden : 0;
  return float * (lossTables * block + sums);
}

/** Activations of all layers and texts of a pool, where the engine keeps any. */
function allActivations(facts: PlanFacts): number {
  const { savesActivations, keepsTapes, config, poolTokens, poolQueries, poolPassages } = facts;
  return savesActivations || keepsTapes
    ? activationsBytes(facts, config.layers, poolTokens, poolQueries + poolPassages)
    : 0;
}

/** Texts that so many tokens make. */
const textsOf = ({ poolTokens, poolQueries, poolPassages }: PlanFacts, tokens: number) =>
  Math.ceil(((poolQueries + poolPassages) * tokens) / poolTokens);

/** In forward passes: the first pass, the second where its inputs were not kept, layers recomputed, and the backward pass. */
function workOf(facts: PlanFacts, chunk: number, savedLayers: number, keptBytes: number): number {
  const { config } = facts;
  const again = 0.7; // a layer without its last projection
  const inputs = inputBytes(config, poolRows(facts, chunk));
  const kept = Math.min(1, keptBytes / inputs);
  const saved = keptBytes > inputs ? (keptBytes - inputs) / allActivations(facts) : 0;
  const twice = kept * again * (1 - saved) + (1 - kept) * (1 + again * (1 - savedLayers / config.layers));
  const whole = 2 + twice;
  // Casting the weights and starting the operations costs as much as some tokens do, whatever the size of the chunk.
  return whole * (1 + (facts.casts ? 90 : facts.startTokens) / chunk);
}
