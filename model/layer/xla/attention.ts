import { compiledFunction, type CompiledFunction } from '../../engine/xla/compiledFunction.js';
import type { Description, Value } from '../../engine/xla/describeFunction.js';
import { operations, type Operations } from '../../engine/xla/operations.js';
import { functionName, qkvWidth, type LayerShape } from './layerShape.js';

/** Texts of like length that one call attends to. */
export interface SliceShape {
  texts: number;
  /** Places of each text; those behind its end are of no account. */
  time: number;
  /** Each text has rotary tables of its own. */
  ownTurns: boolean;
}

/**
 * Causal attention of the texts of a slice. It takes the rows of their places, so that it is compiled once for chunks of all sizes.
 * @returns a function that gives `attentionOutput`, [texts * time, heads * headDim]; zeros for no place
 */
export function attention(shape: LayerShape, slice: SliceShape): CompiledFunction {
  return sliceFunction('Attention', shape, slice, (description, f) => {
    const { texts, time } = slice;
    const { heads, kvHeads, headDim } = shape;
    const { weights, values } = attend(description, f, shape, slice);
    const attentionOutput = f.product(f.cast(perGroup(f, weights, slice), shape.wide), values, [3, 2], shape.wide, 2);
    const apart = f.reshape(attentionOutput, texts, kvHeads, heads / kvHeads, time, headDim);
    description.give('attentionOutput', f.reshape(f.transpose(apart, 0, 3, 1, 2, 4), texts * time, heads * headDim));
  });
}

/**
 * The gradient of `attention`, computed from queries, keys and values anew.
 * @returns a function that gives `dQkv`, [texts * time, (heads + 2 kvHeads) * headDim]; zeros behind a text's end
 */
export function attentionGradient(shape: LayerShape, slice: SliceShape): CompiledFunction {
  return sliceFunction('AttentionGradient', shape, slice, (description, f) => {
    const { texts, time } = slice;
    const { heads, kvHeads, headDim, wide } = shape;
    const group = heads / kvHeads;
    const dAttentionOutput = description.take('dAttentionOutput', wide, [texts * time, heads * headDim]);
    const { weights, queries, keys, values, lengths, turns } = attend(description, f, shape, slice);
    const inText = f.less(f.reshape(f.range(time), 1, time, 1), f.reshape(lengths, texts, 1, 1));
    const perText = f.reshape(dAttentionOutput, texts, time, heads * headDim);
    const own = f.choose(inText, perText, f.cast(f.number(0), wide));
    const apart = f.transpose(f.reshape(own, texts, time, kvHeads, group, headDim), 0, 2, 3, 1, 4);
    const dOut = f.reshape(apart, texts, kvHeads, group * time, headDim);
    const dWeights = f.reshape(f.product(dOut, values, [3, 3], 'float32', 2), texts, kvHeads, group, time, time);
    const along = f.sum(f.multiply(weights, dWeights), 4);
    const dScores = f.cast(perGroup(f, f.multiply(weights, f.subtract(dWeights, along)), slice), wide);
    const dValues = f.product(f.cast(perGroup(f, weights, slice), wide), dOut, [2, 2], 'float32', 2);
    const dQueries = f.multiply(f.product(dScores, keys, [3, 2], 'float32', 2), f.number(headDim ** -0.5));
    const dKeys = f.product(dScores, queries, [2, 2], 'float32', 2);
    const queriesApart = f.transpose(f.reshape(dQueries, texts, kvHeads, group, time, headDim), 0, 3, 1, 2, 4);
    const back = { cosines: turns.cosines, sines: f.negative(turns.sines) };
    const parts = [
      turned(f, f.reshape(queriesApart, texts, time, heads, headDim), back),
      turned(f, f.transpose(dKeys, 0, 2, 1, 3), back),
      f.transpose(dValues, 0, 2, 1, 3),
    ];
    const flat = parts.map((part) => f.reshape(part, texts * time, part.shape[2]! * headDim));
    description.give('dQkv', f.cast(f.join(flat, 1), wide));
  });
}

function sliceFunction(
  part: string,
  shape: LayerShape,
  { texts, time, ownTurns }: SliceShape,
  body: (description: Description, f: Operations) => void,
): CompiledFunction {
  const own = { ...shape, adapters: undefined };
  const name = functionName(part, own, texts, time, ownTurns ? 'ownTurns' : 'turns');
  return compiledFunction(name, (description) => body(description, operations(description)));
}

interface Turns {
  /** [1 or texts, time, 1, headDim / 2] */
  cosines: Value;
  sines: Value;
}

/** Takes a slice's rows. Queries [texts, kvHeads, group * time, headDim], scaled; keys and values [texts, kvHeads, time, headDim]. */
function attend(description: Description, f: Operations, shape: LayerShape, slice: SliceShape) {
  const { texts, time } = slice;
  const { heads, kvHeads, headDim, wide } = shape;
  const group = heads / kvHeads;
  const qkv = description.take('qkv', wide, [texts * time, qkvWidth(shape)]);
  const lengths = f.bitcast(description.take('lengths', 'uint8', [texts, 4]), 'int32', [texts]);
  const turns = takeTurns(description, f, headDim / 2, slice);

  const part = (first: number, count: number) => {
    const columns = f.columns(qkv, first * headDim, count * headDim);
    return f.cast(f.reshape(columns, texts, time, count, headDim), 'float32');
  };
  const turnedQueries = f.multiply(turned(f, part(0, heads), turns), f.number(headDim ** -0.5));
  const queriesApart = f.transpose(f.reshape(turnedQueries, texts, time, kvHeads, group, headDim), 0, 2, 3, 1, 4);
  const queries = f.cast(f.reshape(queriesApart, texts, kvHeads, group * time, headDim), wide);
  const keys = f.cast(f.transpose(turned(f, part(heads, kvHeads), turns), 0, 2, 1, 3), wide);
  const values = f.cast(f.transpose(part(heads + kvHeads, kvHeads), 0, 2, 1, 3), wide);

  const place = f.range(time);
  const later = f.reshape(place, 1, 1, 1, 1, time);
  const seen = f.and(
    f.lessEqual(later, f.reshape(place, 1, 1, 1, time, 1)),
    f.less(later, f.reshape(lengths, texts, 1, 1, 1, 1)),
  );
  const scores = f.reshape(f.product(queries, keys, [3, 3], 'float32', 2), texts, kvHeads, group, time, time);
  const weights = softmax(f, f.choose(seen, scores, f.number(-1e30)));
  return { weights, queries, keys, values, lengths, turns };
}

function takeTurns(
  description: Description,
  f: Operations,
  pairs: number,
  { texts, time, ownTurns }: SliceShape,
): Turns {
  const own = ownTurns ? texts : 1;
  const take = (name: string) => f.reshape(description.take(name, 'float32', [own * time, pairs]), own, time, 1, pairs);
  return { cosines: take('cosines'), sines: take('sines') };
}

/** x [texts, time, heads, headDim] in float32, each pair of its halves turned. */
function turned(f: Operations, x: Value, { cosines, sines }: Turns): Value {
  const half = x.shape[3]! / 2;
  const [left, right] = [f.columns(x, 0, half), f.columns(x, half, half)];
  const first = f.subtract(f.multiply(left, cosines), f.multiply(right, sines));
  const second = f.add(f.multiply(right, cosines), f.multiply(left, sines));
  return f.join([first, second], 3);
}

function softmax(f: Operations, scores: Value): Value {
  const raised = f.exponential(f.subtract(scores, f.most(scores, 4)));
  return f.divide(raised, f.sum(raised, 4));
}

/** [texts, kvHeads, group, time, time] with the queries that share keys below each other. */
function perGroup(f: Operations, x: Value, { time }: SliceShape): Value {
  const [texts, kvHeads, group] = x.shape as [number, number, number];
  return f.reshape(x, texts, kvHeads, group * time, time);
}
