import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Updates } from '../../train/ranks/updates.js';
import { poolOf, type Expected, type Training } from './training.js';

/** Tiny random replicas of the study's eight bases with figures of PyTorch 2.13, transformers 5.18, PEFT 0.21 in float32. */
export const replicas = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/replicas');

/** The twelve updates of the replicas: as PyTorch made them; of the first also with what PyTorch's had not. */
export function replicaUpdates(): Updates[] {
  return (existsSync(replicas) ? readdirSync(replicas) : []).flatMap((base, index) => {
    const home = join(replicas, base);
    const json = <T>(name: string) => JSON.parse(readFileSync(join(home, 'expected', name), 'utf8')) as T;
    const { temperature, max_grad_norm: maxGradNorm, curve, batches } = json<Training>('training.json');
    const pools = batches.map((rows) => poolOf(rows, json<Expected>('embeddings.json')));
    const common = {
      ...{ base: home, adapter: join(home, 'expected/adapter-start'), temperature, maxGradNorm, weightDecay: 0 },
      ...{ rates: curve.map(({ learning_rate }) => learning_rate), chunkTokens: 400 },
    };
    const asPyTorch = { ...common, name: base, pools: pools.map((pool) => [pool]) };
    const everything = {
      ...{ ...common, name: `${base}, dropout and margin`, dropoutRate: 0.1, margin: -0.1 },
      pools: pools.map((pool, position) => [pool, pools[(position + 5) % pools.length]!]),
    };
    return index === 0 ? [asPyTorch, everything] : [asPyTorch];
  });
}
