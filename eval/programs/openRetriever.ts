import { join } from 'node:path';
import { runFolder, runsRoot } from '../../checkpoints/run/folder.js';
import type { Contract } from '../../configs/contract.js';
import { UserError } from '../../configs/userError.js';
import { bm25Retriever } from '../bm25/retriever.js';
import type { FieldChoice } from '../bm25/store.js';
import { defaultCacheBytes, denseRetriever, type DenseRetriever } from '../dense/denseRetriever.js';
import type { VectorFormat } from '../dense/vectorFormat.js';
import { openEncoder, type EncoderOptions } from '../encoder/openEncoder.js';
import type { Retriever } from '../measure/ranking.js';
import { resultsFolder } from '../score/resultsFolder.js';
import { trecRetriever } from '../score/trecRetriever.js';
import { showsImages } from '../tasks/showsImages.js';
import type { Task } from '../tasks/task.js';

/** What ranks, as users name it. */
export interface RetrieverRequest extends Omit<EncoderOptions, 'images'> {
  /** `base:NAME`, `run:NAME`, `run:NAME@STEP`, `bm25`, `trec:FILE`, or the folder of an adapter or checkpoint. */
  model: string;
  /** How embeddings are kept and searched. */
  vectors?: VectorFormat | undefined;
  /** What kept embeddings of all models may take; 0 keeps none. */
  cacheGigabytes?: number | undefined;
  /** Of `bm25`. */
  k1?: number | undefined;
  /** Of `bm25`. */
  b?: number | undefined;
  /** Of `bm25`: title and text as one, or each scored and the scores added. */
  fields?: FieldChoice | undefined;
}

/** A retriever with what is behind it. */
export interface OpenRetriever {
  retriever: Retriever;
  /** The same, where it embeds texts. */
  dense?: DenseRetriever;
  /** Under which texts are embedded; undefined where none are. */
  contract?: Contract;
  close(): Promise<void>;
}

/** @throws UserError when the model cannot be opened, or an option has no effect on it */
export async function openRetriever(
  request: RetrieverRequest,
  tasks: readonly Task[],
  onWarning: (text: string) => void,
): Promise<OpenRetriever> {
  const { model, recipe, set = [], base, precision, vectors: format, k1, b, fields } = request;
  const isDense = isEncoded(model);
  refuse(request, isDense ? [] : ['recipe', 'base', 'precision', 'vectors', 'cacheGigabytes']);
  if (!isDense && set.length > 0) throw new UserError(`--set has no effect on ${model}; leave it out`);
  refuse(request, model === 'bm25' ? [] : ['k1', 'b', 'fields']);
  const close = async () => {};
  if (model.startsWith('trec:')) return { retriever: await trecRetriever(model.slice('trec:'.length)), close };
  if (!isDense) {
    if (k1 !== undefined && k1 < 0) throw new UserError(`--k1 must be 0 or more; got ${k1}`);
    if (b !== undefined && (b < 0 || b > 1)) throw new UserError(`--b must be from 0 to 1; got ${b}`);
    const options = { ...(k1 !== undefined && { k1 }), ...(b !== undefined && { b }), ...(fields && { fields }) };
    return { retriever: bm25Retriever(options), close };
  }
  const gigabytes = request.cacheGigabytes ?? defaultCacheBytes / 1e9;
  if (gigabytes < 0) throw new UserError(`--cache-gigabytes must be 0 or more; got ${gigabytes}`);
  let images = false;
  for (const task of tasks) images ||= await showsImages(task);
  const opened = await openEncoder(model, { recipe, base, precision, set, images });
  opened.warnings.forEach(onWarning);
  const { encoder } = opened;
  const dense = denseRetriever(encoder, { format, cacheBytes: gigabytes * 1e9, warn: onWarning });
  return { retriever: dense, dense, contract: encoder.contract, close: () => opened.close() };
}

/** Are texts embedded by it? Else it is BM25 or a run file. */
export const isEncoded = (model: string): boolean => model !== 'bm25' && !model.startsWith('trec:');

/** A run's results belong to the run; a saved step and models without a run have folders of their own. */
export function resultsPlace({ model, precision, vectors }: RetrieverRequest, retriever: Retriever): string {
  const [kind, name] = model.split(':');
  if (kind === 'run' && !name!.includes('@') && precision === undefined && vectors === undefined)
    return join(runFolder(runsRoot, name!).folder, 'eval');
  return resultsFolder(model, retriever);
}

function refuse(request: RetrieverRequest, names: (keyof RetrieverRequest)[]): void {
  const ineffective = names.find((name) => request[name] !== undefined);
  const option = ineffective?.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
  if (option !== undefined) throw new UserError(`--${option} has no effect on ${request.model}; leave it out`);
}
