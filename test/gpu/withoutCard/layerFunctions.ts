import type { CompiledFunction } from '../../../model/engine/xla/compiledFunction.js';
import { attention, attentionGradient } from '../../../model/layer/xla/attention.js';
import { attentionSlices, type AttentionSlice } from '../../../model/layer/xla/attentionSlices.js';
import { filledRows } from '../../../model/layer/xla/filledRows.js';
import type { LayerShape } from '../../../model/layer/xla/layerShape.js';
import { layerStages } from '../../../model/layer/xla/stages.js';

/** A function of a decoder layer. */
export interface LayerFunction {
  /** For people, and the same from one state of the code to the next. */
  label: string;
  way: 'forward' | 'backward';
  /** For one chunk in one layer. */
  calls: number;
  function: CompiledFunction;
}

/** The functions of a layer that is not the last one, in the order of their calls. @param lengths  of a chunk's texts */
export function layerFunctions(shape: LayerShape, lengths: readonly number[]): LayerFunction[] {
  const rows = filledRows(lengths.reduce((sum, length) => sum + length, 0));
  const stages = layerStages(shape, rows);
  const slices = new Map<string, AttentionSlice[]>();
  for (const slice of attentionSlices(lengths, rows).slices) {
    const size = `${slice.texts} x ${slice.time}`;
    slices.set(size, [...(slices.get(size) ?? []), slice]);
  }
  const once = (way: LayerFunction['way'], label: string, made: CompiledFunction): LayerFunction => ({
    ...{ label, way, calls: 1, function: made },
  });
  const ofSlices = (way: LayerFunction['way'], label: string, make: typeof attention): LayerFunction[] =>
    [...slices].map(([size, all]) => ({
      ...{ label: `${label} ${size}`, way, calls: all.length },
      function: make(shape, { texts: all[0]!.texts, time: all[0]!.time, ownTurns: false }),
    }));
  return [
    once('forward', 'Qkv', stages.qkv()),
    ...ofSlices('forward', 'Attention', attention),
    once('forward', 'Middle', stages.middle()),
    once('forward', 'Down', stages.down()),
    once('backward', 'DownGradient', stages.downGradient()),
    once('backward', 'MiddleGradient', stages.middleGradient()),
    ...ofSlices('backward', 'AttentionGradient', attentionGradient),
    once('backward', 'QkvGradient', stages.qkvGradient(true)),
  ];
}
