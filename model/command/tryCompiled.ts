import { capabilities } from '../engine/capabilities.js';
import { chooseCompiledLayers, compiledLayersChoice } from '../engine/compiledLayersChoice.js';
import { keepVerdict, type CompiledVerdict } from '../engine/compiledVerdict.js';
import { loadNativeBinding } from '../engine/native/loadNativeBinding.js';
import { startEngine } from '../engine/startEngine.js';
import { watchCalls } from '../engine/xla/compiledFunction.js';
import { compiledDifference } from '../pass/compiledDifference.js';

/**
 * Started by setup in a process of its own: tries what XLA compiles for the device that the engine computes on, and keeps
 * the verdict. It prints how far it is and, last, what came of it. Exit code 1 where it does not work.
 */
const mostDifferent = { float32: 1e-2, bfloat16: 5e-2 } as const; // products of float32 may be those of TF32

loadNativeBinding();
keepVerdict(process.env, undefined);
await startEngine({ backend: 'tensorflow' });
if (!compiledLayersChoice().isChosen) {
  console.log(`not tried: ${compiledLayersChoice().why}`);
  process.exit(0);
}
keepVerdict(process.env, { works: false, why: 'the process that tried what XLA compiles did not end well' });
chooseCompiledLayers('1', capabilities().card, undefined);
tellProgress();
const verdict = judge();
keepVerdict(process.env, verdict);
console.log(verdict.why);
process.exit(verdict.works ? 0 : 1);

function judge(): CompiledVerdict {
  const found: string[] = [];
  try {
    for (const precision of ['float32', 'bfloat16'] as const) {
      const difference = compiledDifference(precision);
      found.push(`${difference.toExponential(1)} in ${precision}`);
      if (!(difference < mostDifferent[precision]))
        return { works: false, why: `what XLA compiles differs from stock operations by ${found.at(-1)}` };
    }
  } catch (error) {
    return { works: false, why: `XLA fails: ${(error as Error).message.split('\n')[0]!}` };
  }
  return { works: true, why: `what XLA compiles differs from stock operations by ${found.join(', ')}` };
}

function tellProgress(): void {
  const compiled = new Set<string>();
  watchCalls(({ name }, call) => {
    const results = call();
    if (!compiled.has(name)) console.log(`${compiled.add(name).size} functions`);
    return results;
  });
}
