import { readFileSync } from 'node:fs';
import { capabilities } from '../capabilities.js';
import type { HalfKind } from './rawTensors.js';

let answer: boolean | undefined;

/**
 * Does the engine that runs multiply matrices of two bytes a number faster than float32 ones? A card does, whatever the
 * processor beside it. A processor may do so with bfloat16. Decided by what it is, not by a clock, so
 * that a run that goes on computes as it did before. Intel's AVX512-BF16 without AMX takes twice the time of float32
 * (160 against 300 GFLOP/s on two cores of such a machine); AMD's takes half.
 */
export function multipliesFast(kind: HalfKind): boolean {
  return capabilities().card || (kind === 'bfloat16' && (answer ??= decide()));
}

function decide(): boolean {
  let processor: string;
  try {
    processor = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0]!;
  } catch {
    return false;
  }
  const has = (name: string) => new RegExp(`^(flags|Features)\\s*:.*\\b${name}\\b`, 'm').test(processor);
  return has('amx_bf16') || has('bf16') || (has('avx512_bf16') && processor.includes('AuthenticAMD'));
}
