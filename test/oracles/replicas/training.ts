import { countsOf } from '../../../data/stream/candidateCounts.js';
import { readSafetensorsIndex, readTensorBytes, toFloat32 } from '../../../checkpoints/tensors/safetensors.js';
import type { Gradients } from '../../../model/pass/encodeChunk.js';
import type { Model } from '../../../model/layer/decoder.js';
import type { Parameters } from '../../../model/layer/lora.js';
import { adamW } from '../../../train/step/update/optimizer.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import { oneAttempt, poolGradient, type PoolTokens } from '../../../train/step/poolGradient.js';
import { applyUpdate } from '../../../train/step/update/update.js';
import { assertClose } from '../../assertions.js';

export interface ReplicaText {
  token_ids: number[];
  embedding: number[];
}
/** expected/embeddings.json */
export interface Expected {
  queries: ReplicaText[];
  passages: ReplicaText[];
}
export interface Row {
  query: number;
  passages: number[];
  positive: number;
}
/** expected/training.json */
export interface Training {
  temperature: number;
  max_grad_norm: number;
  batches: Row[][];
  curve: { loss: number; grad_norm: number; learning_rate: number }[];
  query_embeddings_after: number[][];
}

export const tokens = ({ token_ids }: ReplicaText) => Int32Array.from(token_ids);

/** The reference counts every column of the batch, also one that repeats or is relevant to another query. */
export function poolOf(rows: Row[], { queries, passages }: Expected): PoolTokens {
  const distinct = [...new Set(rows.flatMap((row) => row.passages))];
  const columns = distinct.map((id) => rows.flatMap((row) => row.passages).filter((other) => other === id).length);
  return {
    queries: rows.map(({ query }) => tokens(queries[query]!)),
    passages: distinct.map((id) => tokens(passages[id]!)),
    targets: rows.map(({ positive }) => distinct.indexOf(positive)),
    counts: countsOf(rows.map(() => columns)),
  };
}

/** Make the twelve updates of the reference, each with its loss within 1e-4 and its gradient norm within 1e-3. */
export function runUpdates(
  model: Model,
  parameters: Parameters,
  training: Training,
  expected: Expected,
  budget: { chunkTokens: number; keptBytes: number },
) {
  const { temperature, max_grad_norm: maxGradNorm, curve, batches } = training;
  const optimizer = adamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
  curve.forEach(({ loss, grad_norm, learning_rate: learningRate }, index) => {
    const gradients: Gradients = new Map();
    const pool = poolOf(batches[index]!, expected);
    const poolLoss = atOnce(poolGradient(model, pool, parameters, { temperature }, oneAttempt(budget), gradients));
    const measured = applyUpdate(gradients, [poolLoss], optimizer, { learningRate, maxGradNorm, update: index + 1 });
    assertClose([measured.loss], [loss], 1e-4, `loss ${index + 1}`);
    assertClose([measured.gradNorm], [grad_norm], 1e-3, `gradient norm ${index + 1}`);
  });
  optimizer.dispose();
}

/** Tensors of a PEFT file by our parameter names. */
export async function matrices(file: string): Promise<Map<string, Float32Array>> {
  const { tensors } = await readSafetensorsIndex(file);
  const entries = [...tensors].map(async ([key, entry]) => {
    const name = key.replace(/^.*?(layers\.|visual\.)/, '$1').replace(/\.weight$/, '');
    return [name, toFloat32(await readTensorBytes(entry), entry.dtype)] as const;
  });
  return new Map(await Promise.all(entries));
}
