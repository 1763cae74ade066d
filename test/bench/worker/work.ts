import { loadConfig } from '../../../configs/load/loadConfig.js';
import type { Precision } from '../../../configs/contract.js';
import { UserError } from '../../../configs/userError.js';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import { cutChunks } from '../../../data/stream/chunks.js';
import { makeContract } from '../../../data/tokenizer/makeContract.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { startTokenizerThreads } from '../../../data/tokenizer/threads.js';
import { modelEncoder } from '../../../eval/encoder/encoder.js';
import { openSearch, passagesAtATime, queriesAtATime } from '../../../eval/dense/search.js';
import { encodeChunk, packs, type Gradients } from '../../../model/pass/encodeChunk.js';
import { lengthOf, type Sequence } from '../../../model/pass/sequence.js';
import { startEngine, type Engine } from '../../../model/engine/startEngine.js';
import { nativeBackend } from '../../../model/engine/native/rawTensors.js';
import { multiply } from '../../../model/engine/product/multiply.js';
import { tf } from '../../../model/engine/tf.js';
import { loadModel } from '../../../model/load/loadModel.js';
import type { Model } from '../../../model/layer/decoder.js';
import { engineFacts } from '../../../model/memory/engineFacts.js';
import { memoryBudget, processBytes } from '../../../model/memory/memoryBudget.js';
import { peakBytes, planMemory, smallestPeak, type PlanFacts } from '../../../model/memory/memoryPlan.js';
import { attachAdapter, type Parameters } from '../../../model/layer/lora.js';
import { joinedCollective } from '../../../model/engine/ranks/collective.js';
import type { RankPlace } from '../../../model/engine/ranks/rankPlace.js';
import { sumGradients, type Exchange } from '../../../train/step/exchange.js';
import { countExchange, type ExchangeCost } from './countExchange.js';
import { adamW, type Optimizer } from '../../../train/step/update/optimizer.js';
import { weightBytesOf } from '../../../train/loop/planTraining.js';
import { atOnce } from '../../../model/pass/stepwise.js';
import type { PassPlan } from '../../../train/step/embedTexts.js';
import { oneAttempt, poolGradient, type PoolTokens } from '../../../train/step/poolGradient.js';
import { applyUpdate } from '../../../train/step/update/update.js';
import { seededRandom } from '../../../data/random.js';
import type { PlanChoice, SearchSizes } from './jobs.js';
import { watchEngine, type Watch } from './usage.js';

/** The rest of tercet as the measurements use it: nothing else here knows how a step or an encoding is done. */
export interface Work {
  engine: Engine;
  model: Model;
  parameters: Parameters;
  optimizer: Optimizer;
  updates: number;
  watch: Watch | undefined;
  /** With the other ranks, where there are any, and what it has cost. */
  exchange?: Exchange & { take: () => ExchangeCost };
}

const learningRate = 1e-4;
const maxGradNorm = 1;
const temperature = 0.01;

/**
 * @param watch  see every operation of the native engine
 * @throws UserError when the engine does not offer the precision
 */
export async function openWork(options: {
  base: string;
  precision: Precision;
  adapter?: string | undefined;
  watch?: boolean | undefined;
  place?: RankPlace | undefined;
}): Promise<Work> {
  const { place } = options;
  const engine = await startEngine(place && { place });
  const exchange = place && { ...countExchange(joinedCollective(place)), isAskedToStop: () => false };
  if (!engine.precisions.includes(options.precision))
    throw new UserError(`the ${engine.name} engine does not offer ${options.precision}; add --precision float32`);
  const watch = options.watch && engine.name === 'tensorflow' ? watchEngine() : undefined;
  const model = await loadModel(options.base, options.precision);
  if (watch) {
    const { rows } = model.embedding;
    model.embedding.rows = (ids) => watch.time('embedding rows', 'read embedding rows', () => rows(ids));
  }
  const parameters: Parameters = options.adapter
    ? attachAdapter(model, await readAdapter(options.adapter))
    : new Map<string, never>();
  const optimizer = adamW(parameters, loadConfig('study').config.optimizer);
  return { engine, model, parameters, optimizer, updates: 0, watch, ...(exchange && { exchange }) };
}

/** How a step uses memory. */
export interface StepPlan extends PassPlan {
  /** What the planner expects the process to take at most; undefined where it did not choose how layers are kept. */
  plannedBytes?: number;
}

/**
 * How a step over this pool uses memory: as asked, and as the planner of training decides the rest.
 * @throws UserError when the pool does not fit
 */
export function planOf({ model, parameters }: Work, pool: PoolTokens, choice: PlanChoice): StepPlan {
  const { memoryBytes, ...fixed } = choice;
  const lengths = [...pool.queries, ...pool.passages].map(lengthOf);
  const facts: PlanFacts = {
    ...engineFacts(model.config, model, packs(model)),
    adapterElements: [...parameters.values()].reduce((sum, { size }) => sum + size, 0),
    poolTokens: lengths.reduce((sum, length) => sum + length, 0),
    poolQueries: pool.queries.length,
    poolPassages: pool.passages.length,
    longestText: Math.max(...lengths),
    processBytes: processBytes(weightBytesOf(model)),
  };
  const plan = planMemory(facts, memoryBytes ?? memoryBudget(), fixed);
  if (!plan)
    throw new UserError(`a step over this pool needs at least ${Math.ceil(smallestPeak(facts, fixed) / 1e6)} MB`);
  const { chunkTokens, keptBytes, savedLayers } = plan;
  const isPlanned = fixed.savedLayers === undefined && fixed.keptBytes === undefined;
  return { chunkTokens, keptBytes, savedLayers, ...fixed, ...(isPlanned && { plannedBytes: peakBytes(plan.bytes) }) };
}

/** One update of the adapter. @returns the loss before it */
export function trainStep(work: Work, pool: PoolTokens, plan: StepPlan): number {
  const { model, parameters, optimizer, watch, exchange } = work;
  const gradients: Gradients = new Map();
  const loss = atOnce(
    poolGradient(model, pool, parameters, { temperature, ...(exchange && { exchange }) }, oneAttempt(plan), gradients),
  );
  if (exchange) sumGradients(exchange, gradients, parameters);
  if (watch) watch.inOptimizer = true;
  const report = applyUpdate(gradients, [loss], optimizer, { learningRate, maxGradNorm, update: ++work.updates });
  [...parameters.values()].at(-1)!.dataSync(); // waits until a GPU has made the update
  if (watch) watch.inOptimizer = false;
  return report.loss;
}

/** Embed texts in chunks, as training and encoding do. */
export async function embed({ model }: Work, texts: readonly Sequence[], chunkTokens: number): Promise<void> {
  for (const { rows } of cutChunks(texts.map(lengthOf), chunkTokens)) {
    const embeddings = encodeChunk(
      model,
      rows.map((row) => texts[row]!),
    );
    await embeddings.data();
    embeddings.dispose();
  }
}

/** Something that turns passages into vectors, tokenizing included. */
export async function openPassages({ model }: Work, chunkTokens: number) {
  const tokenizer = await loadTokenizer(model.folder);
  const contract = makeContract(loadConfig('study').config, tokenizer, model.precision);
  const threads = await startTokenizerThreads(model.folder, contract, 1);
  const encoder = modelEncoder('bench', model, threads, contract, chunkTokens);
  await encoder.encode('passage', [{ text: 'The thread loads its tokenizer before the clock runs.' }]);
  return {
    encode: (texts: string[]) =>
      encoder.encode(
        'passage',
        texts.map((text) => ({ text })),
      ),
    close: () => threads.close(),
  };
}

/** Search among random vectors, made before the clock runs. @returns the search, and the products of its blocks alone */
export async function prepareSearch(sizes: SearchSizes) {
  await startEngine();
  const random = seededRandom('vectors');
  const vectors = (count: number) => Float32Array.from({ length: count * sizes.dimensions }, () => random() - 0.5);
  const [queries, passages] = [vectors(sizes.queries), vectors(sizes.passages)];
  const blocksOf = (values: Float32Array, rows: number) => {
    const { dimensions } = sizes;
    const starts = Array.from({ length: Math.ceil(values.length / (rows * dimensions)) }, (_, at) => at * rows);
    return starts.map((start) => {
      const block = values.subarray(start * dimensions, (start + rows) * dimensions);
      return () => tf.tensor2d(block, [block.length / dimensions, dimensions]);
    });
  };
  return {
    search() {
      const search = openSearch(queries, sizes.dimensions, sizes.depth);
      search.add(0, passages);
      for (const hits of search.take()) if (hits.length === 0) throw new Error('a query found nothing');
      search.close();
    },
    product() {
      const batches = blocksOf(queries, queriesAtATime).map((make) => make());
      for (const make of blocksOf(passages, passagesAtATime)) {
        const block = make();
        for (const batch of batches) multiply(batch, block, false, true).dispose();
        block.dispose();
      }
      const corner = multiply(batches[0]!, batches[0]!, false, true);
      corner.dataSync(); // waits for a GPU
      tf.dispose([corner, ...batches]);
    },
  };
}

/** The fastest product of `rows` rows with, and against, a weight of one of these shapes, in floating-point operations a second. */
export async function productPeaks(rows: number, shapes: [number, number][]) {
  const engine = await startEngine();
  const peaks: { bfloat16?: number; float32: number } = { float32: 0 };
  for (const [outSize, inSize] of shapes)
    for (const [width, isForward] of [[inSize, true] as const, [outSize, false] as const]) {
      const flops = 2 * rows * outSize * inSize;
      const float32 = prepareFloat32([rows, width], [outSize, inSize], isForward);
      peaks.float32 = Math.max(peaks.float32, flops / bestSeconds(float32));
      if (!engine.precisions.includes('bfloat16')) continue;
      const bfloat16 = prepareBfloat16([rows, width], [outSize, inSize], isForward);
      peaks.bfloat16 = Math.max(peaks.bfloat16 ?? 0, flops / bestSeconds(bfloat16));
    }
  return peaks;
}

interface Product {
  run(): void;
  free(): void;
}

function prepareFloat32(x: [number, number], weight: [number, number], transposed: boolean): Product {
  const [left, right] = [tf.randomNormal<tf.Rank.R2>(x), tf.randomNormal<tf.Rank.R2>(weight)];
  return {
    run() {
      const product = tf.matMul(left, right, false, transposed);
      const corner = product.slice([0, 0], [1, 1]);
      corner.dataSync(); // waits for a GPU
      tf.dispose([product, corner]);
    },
    free: () => tf.dispose([left, right]),
  };
}

/** Both factors are bfloat16 already: no cast is timed. */
function prepareBfloat16(x: [number, number], weight: [number, number], transposed: boolean): Product {
  const native = nativeBackend();
  const { binding } = tf.backend() as unknown as { binding: RawBinding };
  const upload = (shape: [number, number]) => {
    // Bytes that are numbers near one in size: high byte 0x3f or 0xbf.
    const bytes = new Uint8Array(2 * shape[0] * shape[1]);
    for (let place = 0; place < bytes.length; place += 2) {
      bytes[place] = (place * 37) & 0xff;
      bytes[place + 1] = (place * 7919) & 64 ? 0x3f : 0xbf;
    }
    return native.uploadHalf(bytes, shape, 'BF16', 'bfloat16');
  };
  const [left, right] = [upload(x), upload(weight)];
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: 14 },
    { name: 'transpose_a', type: binding.TF_ATTR_BOOL, value: false },
    { name: 'transpose_b', type: binding.TF_ATTR_BOOL, value: transposed },
  ];
  return {
    run() {
      const [product] = binding.executeOp('MatMul', attributes, [left.id, right.id], 1);
      binding.deleteTensor(product!.id);
    },
    free() {
      native.release(left);
      native.release(right);
    },
  };
}

interface RawBinding {
  executeOp(name: string, attributes: object[], inputs: number[], outputs: number): { id: number }[];
  deleteTensor(id: number): void;
  TF_ATTR_TYPE: number;
  TF_ATTR_BOOL: number;
}

const peakRounds = 5;

function bestSeconds({ run, free }: Product): number {
  let best = Infinity;
  run();
  for (let round = 0; round < peakRounds; round++) {
    const begun = performance.now();
    run();
    best = Math.min(best, performance.now() - begun);
  }
  free();
  return best / 1000;
}
