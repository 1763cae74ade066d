import { join } from 'node:path';
import type { Precision } from '../../../configs/contract.js';
import { shapes } from '../../bench/setting/shapes.js';
import { writeRandomBase } from '../../bench/setting/writeRandomBase.js';
import { ask, type Settings } from '../worker/ask.js';
import type { Card } from '../worker/card.js';
import { judge, skip, type Finding } from './finding.js';
import type { EngineFacts, Jobs, Speed } from '../worker/jobs.js';
import { leastCosine, relativeError } from './likeness.js';

/** What every check is given. */
export interface Place {
  /** A folder of the checks' own. */
  folder: string;
  /** A base of the shape of the small ones that tests use. */
  base: string;
  facts: EngineFacts;
  /** No card is looked for: the processor does what a card would. */
  isProcessor: boolean;
  isQuick: boolean;
  /** Environment of the checked engine, and of the one that is right: WebAssembly, which knows no card. */
  checked: Settings;
  right: Settings;
}

const gradient = async (place: Place, precision: Precision, settings: Settings) =>
  (await ask('gradient', { base: place.base, precision }, settings)).answer;

type Gradient = Jobs['gradient']['gives'];

/** The reference is made once for all checks of arithmetic. */
const references = new Map<string, Promise<Gradient>>();
function reference(place: Place): Promise<Gradient> {
  const known = references.get(place.base) ?? gradient(place, 'float32', place.right);
  references.set(place.base, known);
  return known;
}

/** Write the small base. @returns its folder */
export async function writeSmallBase(folder: string): Promise<string> {
  const base = join(folder, 'small-base');
  const shape = { vocabularySize: 1792, hidden: 64, intermediate: 160, layers: 3, heads: 4, kvHeads: 2, headDim: 16 };
  await writeRandomBase(base, { ...shape, ropeTheta: 1e4, normEpsilon: 1e-6, tied: true }, { seed: 1, eosId: 0 });
  return base;
}

export async function checkCard({ facts, isProcessor }: Place): Promise<Finding> {
  const engine = `${facts.name} ${facts.version}`;
  if (isProcessor) return judge('card', facts.name === 'tensorflow', `${engine} on the processor, as asked`, { facts });
  const [card] = facts.cards;
  const told = card ? `${cardText(card)}; ` : 'nvidia-smi shows no card; ';
  return judge('card', facts.usesGpu, told + (facts.usesGpu ? engine : `${engine} does not use it: ${facts.why}`), {
    facts,
  });
}

export async function checkOneCard({ facts, isProcessor }: Place): Promise<Finding> {
  const name = 'one card visible';
  if (isProcessor) return skip(name, 'needs a card');
  const { cards, visibleDevices } = facts;
  const seen = visibleDevices === undefined ? cards.length : visibleDevices.split(',').length;
  return judge(name, seen === 1, `${cards.length} in the machine; CUDA_VISIBLE_DEVICES ${visibleDevices ?? 'unset'}`);
}

/** The small model is loaded and used; all that is not taken by it stays free. */
export async function checkGrowth({ facts, isProcessor }: Place): Promise<Finding> {
  const name = 'memory taken as needed';
  const [card] = facts.cards;
  if (isProcessor || !card) return skip(name, 'needs a card');
  const share = card.memoryUsed / card.memoryTotal;
  return judge(name, share < 0.25, `${megabytes(card.memoryUsed)} of ${megabytes(card.memoryTotal)} used`, { share });
}

export async function checkCache({ facts, isProcessor }: Place): Promise<Finding> {
  const name = 'compiled kernels kept';
  if (isProcessor) return skip(name, 'needs a card');
  const { cacheFolder, cacheBytes } = facts;
  const figures = `${megabytes(cacheBytes)} in ${cacheFolder ?? "CUDA's own folder"}`;
  return cacheBytes > 0 ? judge(name, true, figures, { cacheBytes }) : skip(name, `${figures}: nothing was compiled`);
}

const strictSettings = { NVIDIA_TF32_OVERRIDE: '0' };

export async function checkStrictFloat32(place: Place): Promise<Finding> {
  const right = await reference(place);
  const found = await gradient(place, 'float32', { ...place.checked, ...strictSettings });
  const values = compare(found, right);
  const isRight = found.float32Products === 'float32' && values.gradientError < 1e-3 && values.cosine > 1 - 1e-5;
  return judge('float32, TF32 forbidden', isRight, compareText(values), values);
}

export async function checkTf32(place: Place): Promise<Finding> {
  const name = 'float32 as it comes';
  if (place.isProcessor) return skip(name, 'needs a card');
  const right = await reference(place);
  const found = await gradient(place, 'float32', { ...place.checked, NVIDIA_TF32_OVERRIDE: undefined });
  const values = { ...compare(found, right), float32Products: found.float32Products };
  const bound = found.float32Products === 'tf32' ? 0.03 : 1e-3;
  const isRight = values.gradientError < bound && values.cosine > 0.999;
  return judge(name, isRight, `${found.float32Products}; ${compareText(values)}`, values);
}

export const checkHalf = (precision: 'bfloat16' | 'float16') => async (place: Place) => {
  if (!place.facts.precisions.includes(precision)) return skip(precision, 'the engine does not offer it');
  const values = compare(await gradient(place, precision, place.checked), await reference(place));
  return judge(precision, values.cosine > 0.999 && values.gradientError < 0.1, compareText(values), values);
};

function compare(found: Gradient, right: Gradient) {
  return {
    cosine: leastCosine(found.embeddings, right.embeddings, right.width),
    gradientError: relativeError(found.gradient, right.gradient),
  };
}

const compareText = ({ cosine, gradientError }: ReturnType<typeof compare>) =>
  `least cosine ${cosine.toFixed(7)}, gradient off by ${gradientError.toExponential(1)}`;

/**
 * TensorFlow names, where it is told to, the device of every operation when it picks a kernel for it. Stock operations: XLA
 * brings its own kernels.
 */
const namingSettings = { TERCET_XLA: '0', TF_CPP_MIN_LOG_LEVEL: '0', TF_CPP_VMODULE: 'execute=1' };

/** Numbers that the host reads anyway: shapes, places, seeds. TensorFlow keeps these on the processor on purpose. */
const hostOperations = new Set(['Shape', 'Range', 'Pack', 'StridedSlice', 'ConcatV2', 'Cast', 'Reshape', 'Identity']);

export async function checkOperations({ base, checked, isProcessor }: Place): Promise<Finding> {
  const { answer } = await ask('operations', { base }, { ...checked, ...namingSettings });
  const devices = new Map<string, Set<string>>();
  for (const [operation, device] of answer.executed)
    devices.set(operation, (devices.get(operation) ?? new Set()).add(device));
  const wanted = isProcessor ? 'CPU' : 'GPU';
  const elsewhere = [...devices].filter(([, on]) => !on.has(wanted)).map(([operation]) => operation);
  const missing = elsewhere.filter((operation) => !hostOperations.has(operation));
  const names = [...devices.keys()].sort();
  const figures =
    missing.length > 0
      ? `on the processor alone: ${missing.join(', ')}`
      : `${names.length} operations, all with a kernel for the ${isProcessor ? 'processor' : 'card'}`;
  return judge('kernels', missing.length === 0 && names.length > 10, figures, { names, elsewhere });
}

export async function checkLeaks({ base, checked, isQuick, facts }: Place): Promise<Finding> {
  const precision = facts.precisions.includes('bfloat16') ? 'bfloat16' : 'float32';
  const { early, late } = (await ask('leaks', { base, precision, steps: isQuick ? 3 : 20 }, checked)).answer;
  const grown = (late.cardBytes ?? 0) - (early.cardBytes ?? 0);
  const isRight = early.tensors === late.tensors && early.native === late.native && grown < 64e6;
  const figures = `${late.native} tensors before and after`;
  const differs = `tensors ${early.native} and then ${late.native}, memory of the card ${megabytes(grown)} more`;
  return judge('nothing leaks', isRight, isRight ? figures : differs, { early, late });
}

/** @param name  a size of Qwen2.5 */
export const checkSpeed = (name: '0.5b' | '1.5b') => async (place: Place) => {
  const { isProcessor, isQuick, folder, facts } = place;
  const check = `speed, ${name}`;
  if (isQuick && name !== '0.5b') return skip(check, 'not in a quick check');
  // On the processor a small piece of it, to see that all works.
  const small = { layers: 1, hidden: 128, heads: 2, intermediate: 256, vocabularySize: 1000 };
  const shape = { ...shapes[name]!, ...(isProcessor && small) };
  const [queries, passagesPerQuery] = isProcessor ? [2, 4] : [32, 32];
  const asked = {
    shape,
    base: join(folder, `base-${name}`),
    precision: facts.precisions.includes('bfloat16') ? ('bfloat16' as const) : ('float32' as const),
    queries,
    passagesPerQuery,
    rounds: isProcessor ? 1 : 3,
    peakSizes: isProcessor ? [256, 512] : [2048, 4096, 8192],
  };
  const speed = (await ask('speed', asked, place.checked)).answer;
  return judge(check, speed.step.seconds > 0, speedText(speed), { ...speed, ...shares(speed) });
};

const shares = ({ encode, step, peak }: Speed) => ({
  encodeShare: encode.flops / encode.seconds / peak,
  stepShare: step.flops / step.seconds / peak,
});

function speedText(speed: Speed): string {
  const { tokens, encode, step, peak, card } = speed;
  const { encodeShare, stepShare } = shares(speed);
  const part = (name: string, seconds: number, share: number) =>
    `${name} ${Math.round(tokens / seconds).toLocaleString('en-US')} tokens/s (${(100 * share).toFixed(1)} % of peak)`;
  const memory = card ? `, ${megabytes(card.memoryUsed)} of the card` : '';
  return `${part('encode', encode.seconds, encodeShare)}, ${part('step', step.seconds, stepShare)}, peak ${teraflops(peak)}${memory}`;
}

export const cardText = ({ name, memoryTotal, driver, computeCapability }: Card) =>
  `${name}, ${megabytes(memoryTotal)}, driver ${driver}, compute capability ${computeCapability ?? 'not told'}`;
export const teraflops = (rate: number) => `${(rate / 1e12).toPrecision(3)} TFLOP/s`;
const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;
