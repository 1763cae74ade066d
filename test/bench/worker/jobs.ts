import type { Precision } from '../../../configs/contract.js';
import type { RankPlace } from '../../../model/engine/ranks/rankPlace.js';
import type { ExchangeCost } from './countExchange.js';
import type { StepPlan } from './work.js';
import type { Memory } from './memory.js';
import type { Usage } from './usage.js';

export interface SearchSizes {
  queries: number;
  passages: number;
  dimensions: number;
  depth: number;
}

/** What a measuring process can be asked to do, one after the other. Times in seconds, sizes in bytes. */
export interface Jobs {
  /** Load a base and, where one is named, an adapter to train; with others, where this is one of several ranks. */
  open: {
    asks: { base: string; precision: Precision; adapter?: string | undefined; watch?: boolean; place?: RankPlace };
    gives: Opened;
  };
  /**
   * How updates over this pool will use memory. Planned once, as training does, and best before the first of them:
   * afterwards the process holds memory that the engine keeps for the next step.
   */
  plan: { asks: { pool: string; plan: PlanChoice }; gives: StepPlan };
  /** One update of the adapter over one pool. */
  train: {
    asks: { pool: string; plan: PlanChoice };
    gives: Timed & { loss: number; plan?: StepPlan; exchange?: ExchangeCost };
  };
  /** Embeddings of token ids, nothing kept. */
  forward: { asks: { texts: string; chunkTokens: number }; gives: Timed };
  /** Embeddings of texts, tokenizing included; those of the first texts are told, one after another. */
  encode: { asks: { texts: string; chunkTokens: number }; gives: Timed & { sample: number[] } };
  /** Load a base that reads images, whose embeddings are then asked for. */
  openPages: { asks: { base: string; maxPixels: number; attention?: string }; gives: Opened };
  /** Embeddings of images in files, decoding included, each a passage of its own; those of the first are told. */
  encodePages: { asks: { pages: string; batchSize?: number }; gives: Timed & { sample: number[] } };
  /** The best passages of some queries among random vectors, or the products of the same blocks alone. */
  search: { asks: SearchSizes & { isProductAlone: boolean }; gives: Timed };
  /** The fastest matrix product among shapes of the model. */
  peak: { asks: { rows: number; shapes: [number, number][] }; gives: { bfloat16?: number; float32: number } };
  /** Forget the operations seen so far. Needs `open` with `watch`. */
  forgetUsage: { asks: object; gives: object };
  usage: { asks: { rank: number }; gives: Usage };
  memory: { asks: { reset: boolean }; gives: Memory & { canReset: boolean } };
}

/** What a step is told of memory; tercet decides what is left out. */
export interface PlanChoice {
  /** Budget of the whole process. */
  memoryBytes?: number;
  chunkTokens?: number;
  savedLayers?: number;
  keptBytes?: number;
}

export interface Timed {
  seconds: number;
}

export interface Opened extends Timed {
  engine: string;
  versions: Record<string, string>;
  /** Texts go through the model without padding. */
  packs?: boolean;
  threads?: number;
}
