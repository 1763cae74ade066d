import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../../configs/userError.js';
import { cardFlags } from '../../../model/engine/native/environment/xlaEnvironment.js';
import { dumpedFile, dumpModules, type DumpedFunction, type DumpedLayer } from './dumpModules.js';
import { kernelsOf, type Kernel } from './optimisedModule.js';

/** What a function costs a card, as XLA plans it. */
export interface FunctionCost extends Pick<DumpedFunction, 'label' | 'way' | 'calls'> {
  /** Of one call. */
  kernels: number;
  /** Read and written by all kernels. */
  movedBytes: number;
  /** That it takes while it runs, beside what it takes and gives. */
  temporaryBytes: number;
  /** Matrix products, and all other kernels. */
  productsMs: number;
  restMs: number;
  compileSeconds: number;
}

/** What a card does in a second. */
export interface CardRates {
  bytes: number;
  /** Operations on numbers in matrix products. */
  flops: number;
}

/**
 * Compile a layer's functions for a card that is not there, and count what they cost it.
 * @param python  has the packages of requirements.txt
 * @param folder  gets XLA's modules, those for the card in `card/`
 */
export function cardCosts(layer: DumpedLayer, rates: CardRates, python: string, folder: string): FunctionCost[] {
  const functions = dumpModules(layer, folder);
  const modules = functions.map((each) => dumpedFile(folder, each, 'before_optimizations.txt'));
  const optimised = join(folder, 'card');
  mkdirSync(optimised, { recursive: true });
  const compiled = compileForCard(python, optimised, modules);
  return functions.map(({ label, way, calls }, place) => {
    const { seconds, temporaryBytes } = compiled[place]!;
    const kernels = kernelsOf(readFileSync(join(optimised, basename(modules[place]!)), 'utf8'));
    const products = kernels.filter(({ flops }) => flops > 0);
    const msOf = (some: Kernel[]) => some.reduce((sum, kernel) => sum + kernelMs(kernel, rates), 0);
    return {
      ...{ label, way, calls, temporaryBytes, compileSeconds: seconds },
      kernels: kernels.length,
      movedBytes: kernels.reduce((sum, { bytes }) => sum + bytes, 0),
      productsMs: msOf(products),
      restMs: msOf(kernels.filter(({ flops }) => flops === 0)),
    };
  });
}

/** Bound by memory or by arithmetic. */
const kernelMs = ({ bytes, flops }: Kernel, rates: CardRates) =>
  1000 * Math.max(bytes / rates.bytes, flops / rates.flops);

/** @returns of each module what compileForCard.py tells */
function compileForCard(
  python: string,
  folder: string,
  modules: string[],
): { seconds: number; temporaryBytes: number }[] {
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const script = here('compileForCard.py');
  const { status, stdout, stderr } = spawnSync(python, [script, here('h100.txtpb'), folder, ...modules], {
    encoding: 'utf8',
    env: { ...process.env, XLA_FLAGS: cardFlags.join(' '), TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (status !== 0) throw new UserError(`${script} ended with ${status}: ${stderr.trim().split('\n').at(-1)}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seconds: number; temporaryBytes: number });
}
