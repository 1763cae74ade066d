import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, runNode, type Settings } from '../worker/ask.js';
import type { Place } from './checks.js';
import { judge, skip, type Finding } from './finding.js';
import type { Updates } from '../worker/jobs.js';
import { leastCosine, relativeError } from './likeness.js';

const script = fileURLToPath(new URL('../xlaLayer.ts', import.meta.url));

/** What `xlaLayer.ts` writes. */
interface LayerReport {
  differences: Record<string, number>;
  compiled: { functions: number; seconds: number };
}

const notQuick = 'not in a quick check';
const exact = { NVIDIA_TF32_OVERRIDE: '0' };
const tinyLayer = ['--shape', 'tiny', '--lengths', '1,7,33,70', '--compare', '111'];
const compile = (place: Place): Settings => ({
  ...{ TERCET_XLA: '1', TERCET_BACKEND: 'tensorflow' },
  ...(place.isProcessor && { CUDA_VISIBLE_DEVICES: '' }),
});
const stock = (place: Place): Settings => ({ ...compile(place), TERCET_XLA: '0' });
/** A folder of compiled functions that is empty when the checks begin. */
const ownCache = ({ folder }: Place): Settings => ({
  TF_XLA_FLAGS: `--tf_xla_persistent_cache_directory=${join(folder, 'xla-cache')}`,
});

async function layerReport(place: Place, args: string[], settings: Settings): Promise<LayerReport> {
  const file = join(place.folder, 'layer.json');
  const { code, errors, output } = await runNode([script, ...args, '--rounds', '0', '--out', file], settings);
  if (code !== 0)
    throw new Error(`xlaLayer.ts: ${(errors + output).trim().split('\n').slice(-3).join(' ').slice(-600)}`);
  return JSON.parse(readFileSync(file, 'utf8')) as LayerReport;
}

function judgeLayer(check: string, { differences, compiled }: LayerReport, bound: number): Finding {
  const [worst] = Object.entries(differences).sort(([, one], [, two]) => two - one);
  const [name, difference] = worst!;
  const figures = `${Object.keys(differences).length} outputs and gradients, ${name} farthest off: ${difference.toExponential(1)}; `;
  const time = `${compiled.functions} functions compiled in ${compiled.seconds.toFixed(1)} s`;
  return judge(check, difference < bound, figures + time, { differences, compiled, bound });
}

/** A layer's functions beside the stock operations of the same device: texts of odd lengths, sums of float32. */
export async function checkLayer(place: Place): Promise<Finding> {
  const settings = { ...compile(place), ...exact, ...ownCache(place) };
  return judgeLayer('compiled layer, TF32 forbidden', await layerReport(place, tinyLayer, settings), 1e-5);
}

/** Both sides multiply in TF32, each rounds its own numbers: the difference is that of ten bits. */
export async function checkLayerTf32(place: Place): Promise<Finding> {
  if (place.isQuick) return skip('compiled layer as it comes', notQuick);
  const settings = { ...compile(place), NVIDIA_TF32_OVERRIDE: undefined, ...ownCache(place) };
  return judgeLayer('compiled layer as it comes', await layerReport(place, tinyLayer, settings), 5e-3);
}

/** One layer of the 7B shape in bfloat16 beside float32 of the same weights. */
export async function checkLargeLayer(place: Place): Promise<Finding> {
  if (place.isQuick) return skip('compiled layer, 7b, bfloat16', notQuick);
  const shape = place.isProcessor ? 'tiny' : '7B'; // a processor would take minutes
  const args = ['--shape', shape, '--kind', 'bfloat16', '--rank', '32', '--lengths', '10,80', '--compare', '450'];
  const report = await layerReport(place, args, { ...compile(place), ...exact, ...ownCache(place) });
  return judgeLayer('compiled layer, 7b, bfloat16', report, 0.02);
}

/** A second process finds the functions compiled. */
export async function checkCompiledKept(place: Place): Promise<Finding> {
  if (place.isQuick) return skip('compiled functions kept', notQuick);
  const settings = {
    ...compile(place),
    ...exact,
    TF_XLA_FLAGS: `--tf_xla_persistent_cache_directory=${join(place.folder, 'xla-again')}`,
  };
  const { compiled: first } = await layerReport(place, tinyLayer, settings);
  const { compiled: again } = await layerReport(place, tinyLayer, settings);
  const text = `${first.functions} functions in ${first.seconds.toFixed(1)} s, in a second process in ${again.seconds.toFixed(1)} s`;
  return judge('compiled functions kept', again.seconds < first.seconds / 2, text, { first, again });
}

/** Some updates of the small base through compiled layers, through stock operations and on the processor. */
export async function checkCompiledUpdates(place: Place): Promise<Finding> {
  const check = 'updates, compiled';
  const updates = (settings: Settings) =>
    ask('updates', { base: place.base, precision: 'float32', updates: 4 }, { ...settings, ...exact });
  const { answer: compiled } = await updates({ ...compile(place), ...ownCache(place) });
  const { answer: plain } = await updates(stock(place));
  const { answer: right } = await updates(place.right);
  const values = { toStock: unlike(compiled, plain), toRight: unlike(compiled, right), losses: compiled.losses };
  const text = `losses ${compiled.losses.map((loss) => loss.toFixed(4)).join(', ')}; beside stock operations ${unlikeText(values.toStock)}; beside the processor ${unlikeText(values.toRight)}`;
  const isRight = [values.toStock, values.toRight].every(
    ({ loss, adapter, cosine }) => loss < 1e-4 && adapter < 1e-3 && cosine > 1 - 1e-5,
  );
  return judge(check, compiled.isPacked && isRight, text, values);
}

/** The same in bfloat16, beside the right engine's float32. */
export async function checkHalfUpdates(place: Place): Promise<Finding> {
  const check = 'updates, compiled, bfloat16';
  if (place.isQuick) return skip(check, notQuick);
  if (!place.facts.precisions.includes('bfloat16')) return skip(check, 'the engine does not offer it');
  const asked = { base: place.base, updates: 4 };
  const settings = { ...compile(place), ...ownCache(place) };
  const { answer: compiled } = await ask('updates', { ...asked, precision: 'bfloat16' }, settings);
  const { answer: right } = await ask('updates', { ...asked, precision: 'float32' }, place.right);
  const values = unlike(compiled, right);
  return judge(check, values.loss < 0.02 && values.cosine > 0.999, unlikeText(values), { ...values });
}

function unlike(found: Updates, right: Updates) {
  return {
    loss: Math.max(...right.losses.map((loss, update) => Math.abs(found.losses[update]! / loss - 1))),
    adapter: relativeError(found.adapter, right.adapter),
    cosine: leastCosine(found.embeddings, right.embeddings, right.width),
  };
}

const unlikeText = ({ loss, adapter, cosine }: ReturnType<typeof unlike>) =>
  `losses off by ${loss.toExponential(1)}, adapters by ${adapter.toExponential(1)}, least cosine ${cosine.toFixed(7)}`;
