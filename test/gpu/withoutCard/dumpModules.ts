import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionDescription } from '../../../model/engine/xla/describeFunction.js';
import type { LayerShape } from '../../../model/layer/xla/layerShape.js';
import type { LayerFunction } from './layerFunctions.js';

/** A layer at work on a chunk of texts. */
export interface DumpedLayer {
  shape: LayerShape;
  /** Of the texts. */
  lengths: readonly number[];
}

export type DumpedFunction = Pick<LayerFunction, 'label' | 'way' | 'calls'> &
  Pick<FunctionDescription, 'name' | 'flops' | 'takes' | 'gives'>;

/**
 * Let TensorFlow compile the functions of a layer for the processor without running them, and XLA tell all that it makes of them.
 * @param folder  that gets what XLA tells
 */
export function dumpModules(layer: DumpedLayer, folder: string): DumpedFunction[] {
  const work = fileURLToPath(new URL('dumpWork.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', work, JSON.stringify(layer)], {
    encoding: 'utf8',
    env: {
      ...process.env,
      TERCET_XLA: '1',
      TF_XLA_FLAGS: '--tf_xla_persistent_cache_directory=', // what is there already would not be compiled
      XLA_FLAGS: `--xla_dump_to=${folder} --xla_dump_hlo_as_text --xla_backend_optimization_level=0`,
    },
  });
  if (status !== 0) throw new Error(`${work} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as DumpedFunction[];
}

/** The file with what XLA tells of a function under this ending, such as before_optimizations.txt. */
export function dumpedFile(folder: string, { name }: { name: string }, ending: string): string {
  const file = readdirSync(folder).find((file) => file.includes(`.${name}__.`) && file.endsWith(ending));
  if (file === undefined) throw new Error(`XLA told no ${ending} of ${name} in ${folder}`);
  return join(folder, file);
}

/** Bytes that a function takes on the processor while it runs, beside what it takes and gives. */
export function temporaryBytes(folder: string, of: { name: string }): number {
  const text = readFileSync(dumpedFile(folder, of, 'buffer-assignment.txt'), 'utf8');
  const sizes = [...text.matchAll(/^allocation \d+: size (\d+), preallocated-temp:/gm)];
  return sizes.reduce((sum, [, size]) => sum + Number(size), 0);
}
