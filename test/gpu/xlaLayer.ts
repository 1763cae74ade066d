import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { projections, type Projection } from '../../configs/schema.js';
import { capabilities } from '../../model/engine/capabilities.js';
import { anyTensors } from '../../model/engine/native/anyTensors.js';
import type { NumberKind } from '../../model/engine/native/typeCodes.js';
import type { FrozenMatrix } from '../../model/engine/product/frozenMatrix.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { tf } from '../../model/engine/tf.js';
import { compiledFunctions, watchCalls } from '../../model/engine/xla/compiledFunction.js';
import { disposePlaces, makePlaces } from '../../model/layer/attention.js';
import { projectionShape } from '../../model/layer/decoder.js';
import { layerDropout, type ChunkDropout } from '../../model/layer/dropout.js';
import type { Linear } from '../../model/layer/linear.js';
import { decoderLayer, type LayerWeights } from '../../model/layer/paddedLayer.js';
import { rotaryTables } from '../../model/layer/rotary.js';
import type { Gradients } from '../../model/layer/stackedLora.js';
import { compiledChunk, disposeCompiledChunk, type CompiledChunk } from '../../model/layer/xla/compiledChunk.js';
import { fillRows, finishLayer, layerGradient, forwardLayer } from '../../model/layer/xla/compiledLayer.js';
import type { ModelConfig } from '../../model/modelConfig.js';
import { layerShapes, textLengths } from './layerShapes.js';

/**
 * One decoder layer of random weights as functions compiled by XLA, forward and backward, beside the operations of TensorFlow
 * in float32: how far outputs and gradients lie apart, how long each function takes to compile and to run. For any device:
 * node --import tsx test/gpu/xlaLayer.ts --shape 7B --rows 16384 --kind bfloat16 --out layer.json
 */
const { values: asked } = parseArgs({
  options: {
    shape: { type: 'string', default: 'tiny' },
    rows: { type: 'string', default: '256' },
    /** Of the frozen weights and the activations between products. */
    kind: { type: 'string', default: 'float32' },
    rank: { type: 'string', default: '16' },
    dropout: { type: 'string', default: '0.1' },
    /** Lengths of the texts, again and again until the rows are full. */
    lengths: { type: 'string', default: '10,80,60,31,64' },
    /** None: the layer is compared alone. */
    rounds: { type: 'string', default: '5' },
    /** Rows that the comparison is made on; none without it. */
    compare: { type: 'string', default: '256' },
    out: { type: 'string' },
  },
});

const sizes = layerShapes[asked.shape]!;
const { hidden, headDim } = sizes;
const config: ModelConfig = {
  ...sizes,
  ...{ vocabularySize: 1, layers: 1, ropeTheta: 1e6 },
};
const kind = asked.kind as 'float32' | 'bfloat16';
const rank = Number(asked.rank);
const rate = Number(asked.dropout);

const engine = await startEngine({ backend: 'tensorflow' });
const native = anyTensors();
const firstRow = native.asInt32(native.integers(Int32Array.of(0), [1]));
let seed = 1;
const random = (shape: number[], size: number) => tf.randomNormal(shape, 0, size, 'float32', seed++);

/** Made on the device: TensorFlow.js would draw the numbers of a 7B layer for minutes. */
function deviceRandom(shape: [number, number], size: number): tf.Tensor2D {
  return tf.tidy(() => {
    const [rows, columns] = shape;
    // Products of small random matrices: full rank is not needed, numbers like those of a layer are.
    const inner = 16;
    return tf.matMul(random([rows, inner], 1), random([inner, columns], size / Math.sqrt(inner)));
  });
}

/** Milliseconds of each function's first call and of those that count. */
const firstMs = new Map<string, number>();
const callMs = new Map<string, number[]>();
let isTiming = true;
timeCalls();
const weights = makeWeights();
const lengths = textLengths(asked.lengths, Number(asked.rows));
const report = {
  engine,
  card: capabilities().card,
  asked,
  lengths: lengths.length,
  differences: Number(asked.compare) > 0 ? compare(textLengths(asked.lengths, Number(asked.compare))) : undefined,
  compiled: { functions: firstMs.size, seconds: [...firstMs.values()].reduce((sum, ms) => sum + ms, 0) / 1000 },
  measured: Number(asked.rounds) > 0 ? measure() : undefined,
};
console.log(
  JSON.stringify({ engine: report.engine.version, device: report.engine.device, hardware: report.engine.hardware }),
);
if (asked.out) writeFileSync(asked.out, JSON.stringify(report, null, 1));
process.exit(0);

function makeWeights(): { compiled: LayerWeights; plain: LayerWeights } {
  const both = projections.map((target, number): [Projection, { compiled: Linear; plain: Linear }] => {
    const shape = projectionShape(config, target);
    const values = tf.keep(deviceRandom(shape, 1 / Math.sqrt(shape[1])));
    const half = kind === 'bfloat16' ? native.cast(values, 'float32', 'bfloat16') : undefined;
    const exact = half ? (tf.keep(native.cast(half, 'bfloat16', 'float32')) as tf.Tensor2D) : values;
    const held = half ? { raw: { id: native.idOf(half), shape, kind: 'bfloat16' as const } } : { tensor: values };
    const frozen = (held: FrozenMatrix['held']): FrozenMatrix => ({
      shape,
      held,
      forward: (x) => tf.matMul(x, exact, false, true),
      backward: (dy) => tf.matMul(dy, exact),
      dispose: () => {},
    });
    const rest = {
      adapter: {
        a: tf.variable(random([rank, shape[1]], 1 / Math.sqrt(shape[1])) as tf.Tensor2D),
        b: tf.variable(random([shape[0], rank], 0.05) as tf.Tensor2D),
        scale: 2,
        number: number,
      },
      ...('qkv'.includes(target) && { bias: random([shape[0]], 0.1) as tf.Tensor1D }),
    };
    return [
      target,
      { compiled: { weight: frozen(held), ...rest }, plain: { weight: frozen({ tensor: exact }), ...rest } },
    ];
  });
  const norms = {
    inputNorm: random([hidden], 0.1).add<tf.Tensor1D>(1),
    postAttentionNorm: random([hidden], 0.1).add<tf.Tensor1D>(1),
  };
  const pick = (which: 'compiled' | 'plain') =>
    ({ ...norms, ...Object.fromEntries(both.map(([target, made]) => [target, made[which]])) }) as LayerWeights;
  return { compiled: pick('compiled'), plain: pick('plain') };
}

function dropoutOf(lengths: number[]): ChunkDropout {
  return { rate, seed: [1, 2], texts: lengths.map((_, text) => text) };
}

function openChunk(lengths: number[]): CompiledChunk {
  let end = 0;
  const last = lengths.map((length) => (end += length) - 1);
  const dropout = layerDropout(dropoutOf(lengths), lengths, last);
  return compiledChunk(lengths, { config, weights: weights.compiled, dropout });
}

/** Of outputs and gradients the length of the difference, as a share of their length. */
function compare(lengths: number[]): Record<string, number> {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const differences: Record<string, number> = {};
  for (const last of [false, true]) {
    const x = random([tokens, hidden], 1) as tf.Tensor2D;
    const upstream = random([last ? lengths.length : tokens, hidden], 1) as tf.Tensor2D;
    const chunk = openChunk(lengths);
    const filled = fillRows(x.clone(), chunk.filled);
    const activations = forwardLayer(filled, weights.compiled, chunk, { last });
    const y = finishLayer(activations, weights.compiled, chunk, { last });
    const into: Gradients = new Map();
    const dY = fillRows(upstream.clone(), last ? chunk.filledTexts : chunk.filled);
    const dX = layerGradient(dY, activations, 0, weights.compiled, chunk, into, { last, needsInput: true })!;
    disposeCompiledChunk(chunk);
    const plain = plainLayer(x, upstream, lengths, last);
    const got: Record<string, tf.Tensor> = {
      y: y.slice([0, 0], [upstream.shape[0], hidden]),
      dX: dX.slice([0, 0], [tokens, hidden]),
      ...Object.fromEntries([...into].map(([name, value]) => [name.replace(/^.*\.(?=\w+_proj)/, ''), value])),
    };
    for (const [name, want] of Object.entries(plain)) {
      const difference = relative(got[name]!, want);
      differences[`${last ? 'last ' : ''}${name}`] = difference;
      console.log(`${last ? 'last ' : ''}${name}`.padEnd(24), difference.toExponential(1));
    }
    tf.dispose([x, upstream, y, dX, ...into.values(), ...Object.values(plain), ...Object.values(got)]);
  }
  return differences;
}

function plainLayer(x: tf.Tensor2D, upstream: tf.Tensor2D, lengths: number[], last: boolean) {
  const time = Math.max(...lengths);
  const wanted = lengths.map((length, text) => text * time + length - 1);
  const dropout = layerDropout(
    dropoutOf(lengths),
    lengths.map(() => time),
    wanted,
  );
  const places = makePlaces(lengths.length, time, config, (scale) =>
    rotaryTables(time, headDim, config.ropeTheta, scale),
  );
  let start = 0;
  const rowOf = lengths.flatMap((length) => {
    const rows = Array.from({ length: time }, (_, place) => start + Math.min(place, length - 1));
    start += length;
    return rows;
  });
  const tokenPlaces = lengths.flatMap((length, text) => Array.from({ length }, (_, place) => text * time + place));
  const padded = tf.gather(x, tf.tensor1d(rowOf, 'int32'));
  const only = last ? tf.tensor1d(wanted, 'int32') : undefined;
  const variables = projections.flatMap((target) => [
    weights.plain[target].adapter!.a,
    weights.plain[target].adapter!.b,
  ]);
  const layer = (x: tf.Tensor) => decoderLayer(x as tf.Tensor2D, weights.plain, places, config, dropout, only);
  const tokens = tf.tensor1d(tokenPlaces, 'int32');
  const y = tf.tidy(() => (last ? layer(padded) : tf.gather(layer(padded), tokens)));
  const dY: tf.Tensor = last ? upstream : tf.scatterND(tokens.expandDims(1), upstream, [padded.shape[0], hidden]);
  const [dPadded, ...gradients] = tf.tidy(() => tf.grads(layer)([padded, ...variables], dY));
  const dX = tf.gather(dPadded!, tokens);
  disposePlaces(places);
  const names = projections.flatMap((target) => ['A', 'B'].map((matrix) => `${target}_proj.lora_${matrix}`));
  return { y, dX, ...Object.fromEntries(names.map((name, place) => [name, gradients[place]!])) };
}

function relative(got: tf.Tensor, want: tf.Tensor): number {
  return tf.tidy(() => got.sub(want).norm().div(want.norm()).dataSync()[0]!);
}

/** One layer there and back. @returns milliseconds of each way, waited for at its end */
function oneRound(chunk: CompiledChunk, tokens: number): { forward: number; backward: number } {
  const x = fillRows(deviceRandom([tokens, hidden], 1), chunk.filled);
  waitFor(x, 'float32');
  const begun = performance.now();
  const activations = forwardLayer(x, weights.compiled, chunk);
  const y = finishLayer(activations, weights.compiled, chunk);
  waitFor(y, 'float32');
  const turned = performance.now();
  const into: Gradients = new Map();
  const dX = layerGradient(y, activations, 0, weights.compiled, chunk, into, { needsInput: true })!;
  waitFor(dX, 'float32');
  const ended = performance.now();
  tf.dispose([dX, ...into.values()]);
  return { forward: turned - begun, backward: ended - turned };
}

/** Best of the rounds: of the layer as a whole, and of each function when every call is waited for. */
function measure() {
  const chunk = openChunk(lengths);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const rounds = () => Array.from({ length: Number(asked.rounds) }, () => oneRound(chunk, tokens));
  const first = oneRound(chunk, tokens);
  callMs.clear();
  rounds();
  isTiming = false;
  const layers = rounds();
  const functions = [...callMs].map(([name, all]) => {
    const { flops } = compiledFunctions().find((known) => known.name === name)!;
    const bestMs = Math.min(...all);
    const calls = all.length / layers.length;
    const row = { name, firstMs: firstMs.get(name)!, bestMs, calls, flops, teraflops: flops / bestMs / 1e9 };
    console.log(
      `${name.split('_').slice(1, 5).join(' ').padEnd(36)} first ${(row.firstMs / 1000).toFixed(2)} s, ` +
        `${bestMs.toFixed(2)} ms x ${calls}, ${(flops / 1e9).toFixed(1)} GFLOP, ${row.teraflops.toFixed(2)} TFLOP/s`,
    );
    return row;
  });
  const best = (way: 'forward' | 'backward') => Math.min(...layers.map((times) => times[way]));
  const flops = functions.reduce((sum, { flops, calls }) => sum + flops * calls, 0);
  const [forward, backward] = [best('forward'), best('backward')];
  const teraflops = flops / (forward + backward) / 1e9;
  console.log(
    `layer: first ${JSON.stringify(first)}, then ${forward.toFixed(2)} + ${backward.toFixed(2)} ms, ${teraflops.toFixed(2)} TFLOP/s`,
  );
  return { first, forward, backward, flops, teraflops, tokens, rows: chunk.rows, functions };
}

/** Every call of a function is waited for and timed. */
function timeCalls(): void {
  watchCalls(({ name, gives }, call) => {
    if (!isTiming) return call();
    const begun = performance.now();
    const results = call();
    waitFor(results[0]!, gives[0]!.kind);
    const ms = performance.now() - begun;
    if (!firstMs.has(name)) firstMs.set(name, ms);
    callMs.set(name, [...(callMs.get(name) ?? []), ms]);
    return results;
  });
}

/** By reading one row. */
function waitFor(x: tf.Tensor, kind: NumberKind): void {
  tf.tidy(() => native.cast(native.gatherRows(x, kind, firstRow), kind, 'float32').dataSync());
}
