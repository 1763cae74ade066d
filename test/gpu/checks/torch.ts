import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { configJson, shapes } from '../../bench/setting/shapes.js';
import { ask } from '../worker/ask.js';
import { teraflops, type Place } from './checks.js';
import { smallShape, studyPool } from './recipe.js';
import { judge, skip, type Finding } from './finding.js';
import type { Peak } from '../worker/jobs.js';

const script = fileURLToPath(new URL('./torchPeak.py', import.meta.url));
const trainingScript = fileURLToPath(new URL('./torchTraining.py', import.meta.url));

/** Square products beside those of PyTorch, where a Python has it: TensorFlow should reach nine tenths of its rate. */
export async function checkTorch({ isProcessor, checked }: Place): Promise<Finding> {
  const name = 'products beside PyTorch';
  const sizes = isProcessor ? [256, 512] : [2048, 4096, 8192];
  const { answer: own } = await ask('peak', { sizes }, checked);
  const ownBest = bestOf(own);
  const { status, stdout } = spawnSync('python3', [script, isProcessor ? 'cpu' : 'cuda', ...sizes.map(String)], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (status !== 0) return skip(name, `${ownBest.text}; no python3 with torch for this device`);
  const theirs = bestOf(JSON.parse(stdout) as Peak[]);
  const share = Math.min(
    ...[...theirs.rates].map(([precision, rate]) => (ownBest.rates.get(precision) ?? rate) / rate),
  );
  const values = { own, theirs: Object.fromEntries(theirs.rates), share };
  return judge(name, isProcessor || share > 0.9, `${ownBest.text}; PyTorch ${theirs.text}`, values);
}

/** One way of training with PyTorch: its figures, or why it has none. */
interface TorchWay {
  way: string;
  failed?: string;
  seconds: number;
  queriesPerSecond: number;
  peakBytes: number | null;
  tokens: number;
}

/** What PyTorch with PEFT does of the study's recipe at 7B, in its best way: a figure to compare with. */
export async function checkTorchTraining({ isProcessor }: Place): Promise<Finding> {
  const name = 'training with PyTorch, 7b';
  const shape = { ...shapes['7b']!, ...(isProcessor && smallShape) };
  const { lora, loss, training } = loadConfig('study').config;
  const asked = {
    config: configJson(shape, 0),
    lora,
    temperature: loss.temperature,
    ...studyPool(isProcessor),
    poolsPerUpdate: training.poolsPerUpdate,
    seconds: 90,
  };
  const run = spawnSync('python3', [trainingScript, isProcessor ? 'cpu' : 'cuda'], {
    input: JSON.stringify(asked),
    encoding: 'utf8',
    timeout: 180_000,
  });
  if (run.status !== 0) return skip(name, 'no python3 with torch, transformers and peft for this device');
  const values = JSON.parse(run.stdout) as { ways: TorchWay[] };
  const ran = values.ways.filter(({ failed }) => failed === undefined);
  const [best] = ran.sort((a, b) => b.queriesPerSecond - a.queriesPerSecond);
  if (!best) return judge(name, false, values.ways.map(({ way, failed }) => `${way}: ${failed}`).join('; '), values);
  const memory = best.peakBytes === null ? '' : `, ${(best.peakBytes / 1e9).toFixed(1)} GB`;
  const rate = `${best.queriesPerSecond.toPrecision(3)} queries/s, ${Math.round(best.tokens / best.seconds)} tokens/s`;
  return judge(name, true, `${rate}${memory} (${best.way})`, values);
}

function bestOf(peaks: Peak[]) {
  const rates = new Map<string, number>();
  for (const { precision, rate } of peaks) rates.set(precision, Math.max(rate, rates.get(precision) ?? 0));
  return { rates, text: [...rates].map(([precision, rate]) => `${precision} ${teraflops(rate)}`).join(', ') };
}
