import type { DumpedFunction } from './dumpModules.js';

/** A moment of a layer's work, and bytes that are held then beside the layer's input, its weights and its adapters. */
export interface Moment {
  label: string;
  bytes: number;
}

/**
 * What a layer at work holds while each of its functions runs: what its caller keeps (compiledLayer.ts), what the function gives, and
 * what it takes while it runs. Of one chunk, forward and then back.
 * @param temporaryBytes  of each function, as XLA tells
 */
export function fullestMoments(
  functions: readonly DumpedFunction[],
  temporaryBytes: (of: DumpedFunction) => number,
): Moment[] {
  const sizes = new Map(functions.flatMap(({ gives }) => gives.map((port) => [port.name, bytesOf(port)])));
  sizes.set('dY', sizes.get('y')!);
  const held = (names: string) => sum(names.split(' ').map((name) => sizes.get(name) ?? 0)); // without adapters no inner
  const slices = (start: string) => functions.filter(({ label }) => label.startsWith(`${start} `));
  /** Of all slices together. */
  const ofSlices = (start: string, which: 'takes' | 'gives', name: string) =>
    sum(slices(start).map((each) => each.calls * bytesOf(each[which].find((port) => port.name === name)!)));
  const temporary = (start: string) =>
    Math.max(...functions.filter(({ label }) => label.split(' ')[0] === start).map(temporaryBytes));

  const attended = 'qkv inner.qkv';
  const saved = `${attended} attentionOutput h gate up inner.o inner.gateUp`;
  const gathered = ofSlices('Attention', 'takes', 'qkv');
  const given = ofSlices('Attention', 'gives', 'attentionOutput');
  const gatheredBack = gathered + ofSlices('AttentionGradient', 'takes', 'dAttentionOutput');
  const givenBack = ofSlices('AttentionGradient', 'gives', 'dQkv');
  const dQkv = bytesOf(functions.at(-1)!.takes.find(({ name }) => name === 'dQkv')!);
  const moments: [label: string, bytes: number][] = [
    ['Qkv', held(attended)],
    ['Attention', held(attended) + gathered + given],
    // The slices' rows are let go of behind the middle: as they were gathered, given, and stacked.
    ['Middle', held(saved) + gathered + 2 * given],
    ['Down', held(`${saved} y`)],
    ['DownGradient', held(`${saved} dY dGate dUp`)],
    ['MiddleGradient', held(`${attended} attentionOutput h inner.o inner.gateUp dY dGate dUp dH dAttentionOutput`)],
    ['AttentionGradient', held(`${attended} dH dAttentionOutput`) + gatheredBack + givenBack],
    ['QkvGradient', held('inner.qkv dH dX') + dQkv],
  ];
  const putBack = held(`${attended} dH dAttentionOutput`) + gatheredBack + 2 * givenBack + dQkv;
  return [
    ...moments.map(([label, bytes]) => ({ label, bytes: bytes + temporary(label) })),
    { label: 'attention put back', bytes: putBack },
  ];
}

const bytesOf = ({ kind, shape }: DumpedFunction['gives'][number]): number =>
  shape.reduce((total, size) => total * size, bytesPerNumber[kind]);

const bytesPerNumber = { float32: 4, int32: 4, uint32: 4, bfloat16: 2, float16: 2, uint8: 1, bool: 1 };

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
