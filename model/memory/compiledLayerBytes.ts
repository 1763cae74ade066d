import { largestSlices } from '../layer/xla/attentionSlices.js';
import { filledRows } from '../layer/xla/filledRows.js';
import type { ModelConfig } from '../modelConfig.js';

/** What the bytes of a compiled layer depend on besides its sizes. */
export interface CompiledFacts {
  config: ModelConfig;
  /** Of a frozen weight, and of the activations between products. */
  weightBytes: number;
  /** What XLA compiles for. On the processor it makes products of two bytes a number in float32. */
  compiled: 'card' | 'processor';
  /** Tokens of the longest text. */
  longestText: number;
}

const float = Float32Array.BYTES_PER_ELEMENT;

/** That cuBLAS works in, as XLA gives it to each product. */
const workspaceBytes = 2 ** 25;

/**
 * Bytes of a layer in functions compiled by XLA beside its input, at its fullest: backward, in the feed-forward half or, where texts
 * are long, in attention.
 * @param tokens  of a chunk
 */
export function compiledLayerBytes(facts: CompiledFacts, tokens: number): number {
  const workspace = facts.compiled === 'card' ? workspaceBytes : 0;
  const rows = filledRows(tokens);
  return workspace + Math.max(feedForwardBytes(facts, rows), attentionBytes(facts, rows));
}

/**
 * What was saved, gate's and up's gradients, the tables of the intermediate's width that a function holds while it runs, and weights
 * with their adapters beside them. XLA says how much of the last two there is: of an H100 three tables of the activations' kind.
 */
function feedForwardBytes({ config, weightBytes, compiled }: CompiledFacts, rows: number): number {
  const { hidden, intermediate, heads, kvHeads, headDim } = config;
  const halves = weightBytes === 2;
  const saved = weightBytes * (2 * (heads + kvHeads) * headDim + 2 * intermediate) + float * hidden;
  const gradients = 2 * weightBytes * intermediate + 2 * float * hidden;
  const tables = (halves && compiled === 'card' ? 2 : 3) * float * intermediate;
  const copies = halves && compiled === 'processor' ? 8 : 2; // of gate's and up's weights, cast and joined
  return rows * (saved + gradients + tables) + copies * weightBytes * hidden * intermediate;
}

/**
 * Queries, keys and values, the gradients of what attention gave and of its residual, the rows of all slices as they were gathered
 * and given; and one slice at work, with the tables of its scores that XLA says it holds, or the rows put back.
 */
function attentionBytes({ config, weightBytes, compiled, longestText }: CompiledFacts, rows: number): number {
  const { hidden, heads, kvHeads, headDim } = config;
  const [attended, qkv] = [heads * headDim, (heads + 2 * kvHeads) * headDim];
  const held = weightBytes * (qkv + attended) + float * hidden;
  const { texts, time, places } = largestSlices(longestText, rows);
  const ofSlices = places * weightBytes * (2 * qkv + attended);
  const scoreBytes = weightBytes === 4 ? 3 * float : compiled === 'card' ? 2 * float + weightBytes : 4 * float;
  const atWork = texts * time * (scoreBytes * heads * time + 2 * float * qkv);
  const putBack = (rows + places) * weightBytes * qkv;
  return rows * held + ofSlices + Math.max(atWork, putBack);
}
