import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ask } from './ask.js';
import { teraflops, type Place } from './checks.js';
import { judge, skip, type Finding } from './finding.js';
import type { Peak } from './jobs.js';

const script = fileURLToPath(new URL('./torchPeak.py', import.meta.url));

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

function bestOf(peaks: Peak[]) {
  const rates = new Map<string, number>();
  for (const { precision, rate } of peaks) rates.set(precision, Math.max(rate, rates.get(precision) ?? 0));
  return { rates, text: [...rates].map(([precision, rate]) => `${precision} ${teraflops(rate)}`).join(', ') };
}
