import type { CompiledFunction } from '../../engine/xla/compiledFunction.js';
import type { Value } from '../../engine/xla/describeFunction.js';
import { qkvWidth, type LayerShape } from './layerShape.js';
import { makeFunction } from './makeFunction.js';
import { norm, normGradient } from './norm.js';
import { projectionGroup, type Making } from './projectionGroup.js';

/**
 * The stages of a decoder layer besides its attention, each forward and backward, as functions of `rows` packed rows:
 * queries, keys and values; then what lies between attention and SwiGLU, with the output projection; then SwiGLU with the
 * last projection. Rows of zeros stay zeros, and where the gradient of a row is zero it adds nothing to any other.
 */
export function layerStages(shape: LayerShape, rows: number) {
  return {
    qkv: () => qkv(shape, rows),
    qkvGradient: (needsInput: boolean) => qkvGradient(shape, rows, needsInput),
    middle: () => middle(shape, rows),
    middleGradient: () => middleGradient(shape, rows),
    down: () => down(shape, rows),
    downGradient: () => downGradient(shape, rows),
  };
}

const qkvTargets = ['q', 'k', 'v'] as const;

function qkv(shape: LayerShape, rows: number): CompiledFunction {
  return makeFunction('Qkv', shape, rows, qkvTargets, (making) => {
    const { description, f } = making;
    const x = description.take('x', 'float32', [rows, shape.hidden]);
    const { outputs, inner } = projectionGroup(making, [qkvTargets]).forward(normed(making, x, 'inputNorm'));
    const bias = f.join(
      qkvTargets.map((target) => description.take(`${target}.bias`, 'float32', [biasSize(shape, target)])),
      0,
    );
    description.give('qkv', f.cast(f.add(f.cast(outputs[0]!, 'float32'), bias), shape.wide));
    giveInner(making, 'inner.qkv', inner);
  });
}

function qkvGradient(shape: LayerShape, rows: number, needsInput: boolean): CompiledFunction {
  const part = needsInput ? 'QkvGradient' : 'QkvGradientLast';
  return makeFunction(part, shape, rows, qkvTargets, (making) => {
    const { description, f } = making;
    const dQkv = description.take('dQkv', shape.wide, [rows, qkvWidth(shape)]);
    const x = description.take('x', 'float32', [rows, shape.hidden]);
    const group = projectionGroup(making, [qkvTargets], { needsInput });
    const gain = description.take('inputNorm', 'float32', [shape.hidden]);
    const input = f.cast(norm(f, x, gain, shape.normEpsilon), shape.wide);
    const dNormed = group.backward([dQkv], input, takeInner(making, rows, 'inner.qkv'));
    if (!dNormed) return;
    const residual = description.take('dH', 'float32', [rows, shape.hidden]);
    const epsilon = shape.normEpsilon;
    description.give('dX', normGradient(f, dNormed, { x, gain, residual, epsilon }));
  });
}

const middleTargets = ['o', 'gate', 'up'] as const;

function middle(shape: LayerShape, rows: number): CompiledFunction {
  return makeFunction('Middle', shape, rows, middleTargets, (making) => {
    const { description, f } = making;
    const attentionOutput = description.take('attentionOutput', shape.wide, [rows, shape.heads * shape.headDim]);
    const x = description.take('x', 'float32', [rows, shape.hidden]);
    const out = projectionGroup(making, [['o']]).forward(attentionOutput);
    const h = f.add(f.cast(out.outputs[0]!, 'float32'), x);
    const open = projectionGroup(making, [['gate'], ['up']]).forward(normed(making, h, 'postAttentionNorm'));
    description.give('h', h);
    description.give('gate', open.outputs[0]!);
    description.give('up', open.outputs[1]!);
    giveInner(making, 'inner.o', out.inner);
    giveInner(making, 'inner.gateUp', open.inner);
  });
}

function middleGradient(shape: LayerShape, rows: number): CompiledFunction {
  return makeFunction('MiddleGradient', shape, rows, middleTargets, (making) => {
    const { description, f } = making;
    const [dGate, dUp] = ['dGate', 'dUp'].map((name) => description.take(name, shape.wide, [rows, shape.intermediate]));
    const dY = description.take('dY', 'float32', [rows, shape.hidden]);
    const h = description.take('h', 'float32', [rows, shape.hidden]);
    const attentionOutput = description.take('attentionOutput', shape.wide, [rows, shape.heads * shape.headDim]);
    const gain = description.take('postAttentionNorm', 'float32', [shape.hidden]);
    const input = f.cast(norm(f, h, gain, shape.normEpsilon), shape.wide);
    const inner = takeInner(making, rows, 'inner.gateUp');
    const dNormed = projectionGroup(making, [['gate'], ['up']]).backward([dGate!, dUp!], input, inner)!;
    const dH = normGradient(f, dNormed, { x: h, gain, residual: dY, epsilon: shape.normEpsilon });
    const out = projectionGroup(making, [['o']]);
    const dAttentionOutput = out.backward(
      [f.cast(dH, shape.wide)],
      attentionOutput,
      takeInner(making, rows, 'inner.o'),
    )!;
    description.give('dH', dH);
    description.give('dAttentionOutput', f.cast(dAttentionOutput, shape.wide));
  });
}

function down(shape: LayerShape, rows: number): CompiledFunction {
  return makeFunction('Down', shape, rows, ['down'], (making) => {
    const { description, f } = making;
    const { gate, up } = takeGateUp(making, rows);
    const h = description.take('h', 'float32', [rows, shape.hidden]);
    const gated = f.cast(f.multiply(f.multiply(gate, f.sigmoid(gate)), up), shape.wide);
    const { outputs } = projectionGroup(making, [['down']]).forward(gated);
    description.give('y', f.add(f.cast(outputs[0]!, 'float32'), h));
  });
}

function downGradient(shape: LayerShape, rows: number): CompiledFunction {
  return makeFunction('DownGradient', shape, rows, ['down'], (making) => {
    const { description, f } = making;
    const dY = description.take('dY', 'float32', [rows, shape.hidden]);
    const { gate, up } = takeGateUp(making, rows);
    const open = f.sigmoid(gate);
    const silu = f.multiply(gate, open);
    const gated = f.cast(f.multiply(silu, up), shape.wide);
    const group = projectionGroup(making, [['down']]);
    const dGated = group.backward([f.cast(dY, shape.wide)], gated, group.innerOf(gated))!;
    // d silu / d gate = open (1 + gate (1 - open))
    const slope = f.multiply(open, f.add(f.number(1), f.multiply(gate, f.subtract(f.number(1), open))));
    description.give('dGate', f.cast(f.multiply(f.multiply(dGated, up), slope), shape.wide));
    description.give('dUp', f.cast(f.multiply(dGated, silu), shape.wide));
  });
}

function normed({ description, f, shape }: Making, x: Value, name: 'inputNorm' | 'postAttentionNorm'): Value {
  const gain = description.take(name, 'float32', [shape.hidden]);
  return f.cast(norm(f, x, gain, shape.normEpsilon), shape.wide);
}

function takeGateUp({ description, f, shape }: Making, rows: number): { gate: Value; up: Value } {
  const take = (name: string) => f.cast(description.take(name, shape.wide, [rows, shape.intermediate]), 'float32');
  return { gate: take('gate'), up: take('up') };
}

const innerTargets = { 'inner.qkv': qkvTargets, 'inner.o': ['o'], 'inner.gateUp': ['gate', 'up'] } as const;

function giveInner({ description }: Making, name: keyof typeof innerTargets, inner: Value | undefined): void {
  if (inner) description.give(name, inner);
}

function takeInner({ description, shape }: Making, rows: number, name: keyof typeof innerTargets): Value | undefined {
  const { targets = [], rank = 0 } = shape.adapters ?? {};
  const own = innerTargets[name].filter((target) => targets.includes(target)).length;
  return own > 0 ? description.take(name, shape.wide, [rows, own * rank]) : undefined;
}

const biasSize = ({ heads, kvHeads, headDim }: LayerShape, target: 'q' | 'k' | 'v') =>
  (target === 'q' ? heads : kvHeads) * headDim;
