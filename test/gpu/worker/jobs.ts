import type { Float32Products, Precision } from '../../../configs/contract.js';
import type { PassPlan } from '../../../train/step/embedTexts.js';
import type { Flops } from '../../bench/measure/flops.js';
import type { PlanChoice } from '../../bench/worker/jobs.js';
import type { Shape } from '../../bench/setting/shapes.js';
import type { Card } from './card.js';

/** What a process of the checks can be asked: one job each, so that each has an environment of its own. */
export interface Jobs {
  /** Start the engine and say what it computes on. */
  engine: { asks: object; gives: EngineFacts };
  /** Embeddings of a pool and the gradient of its loss for every adapter, one number after another. */
  gradient: {
    asks: { base: string; precision: Precision };
    gives: { float32Products: Float32Products; embeddings: number[]; gradient: number[]; width: number };
  };
  /** The devices that each operation of TensorFlow ran on, over one step in each precision and one search. */
  /** `executed`: what TensorFlow said of each operation and device, where its settings let it. */
  operations: { asks: { base: string }; gives: { executed: [operation: string, device: string][] } };
  speed: { asks: SpeedAsked; gives: Speed };
  /** Losses of some updates of a base, and what they leave: its adapter, and embeddings with it. */
  updates: { asks: { base: string; precision: Precision; updates: number }; gives: Updates };
  recipe: { asks: RecipeAsked; gives: RecipeFigures };
  /** Tensors and memory after some steps, and after some more. */
  leaks: { asks: { base: string; precision: Precision; steps: number }; gives: { early: Held; late: Held } };
  peak: { asks: { sizes: number[] }; gives: Peak[] };
}

export interface EngineFacts {
  name: string;
  version: string;
  why: string;
  float32Products: Float32Products;
  precisions: Precision[];
  usesGpu: boolean;
  cards: Card[];
  visibleDevices: string | undefined;
  cacheFolder: string | undefined;
  cacheBytes: number;
}

export interface SpeedAsked {
  shape: Shape;
  /** Where the base is written and left. */
  base: string;
  precision: Precision;
  queries: number;
  passagesPerQuery: number;
  rounds: number;
  peakSizes: number[];
}

/** Best of the rounds, in seconds; floating-point operations that the work needs. */
export interface Speed {
  tokens: number;
  chunkTokens: number;
  encode: { seconds: number; flops: number };
  step: { seconds: number; flops: number };
  /** Largest rate of a product of square matrices in the arithmetic of the frozen weights, in the same process. */
  peak: number;
  card: Card | undefined;
}

export interface Updates {
  /** Texts lay in the model without padding. */
  isPacked: boolean;
  losses: number[];
  adapter: number[];
  embeddings: number[];
  width: number;
}

/** How long the texts of a pool are, in tokens. */
export interface PoolTexts {
  queries: number[];
  passages: number[];
}

export interface RecipeAsked {
  shape: Shape;
  texts: PoolTexts;
  plan: PlanChoice;
  poolsPerUpdate: number;
  /** Those that compile included: the first one, of one pool. */
  updates: number;
  /** Updates that would begin later are left out, from the second on. */
  seconds: number;
  encode: boolean;
  peakSize: number;
}

/** Seconds of an update, each part waited for: first passes, losses, second passes with the gradients, the optimizer. */
export interface UpdateSeconds {
  first: number;
  loss: number;
  second: number;
  optimizer: number;
  all: number;
}

export interface RecipeFigures {
  plan: PassPlan;
  plannedBytes: number | undefined;
  /** Rate of the square product in the arithmetic of the frozen weights. */
  peak: number;
  isPacked: boolean;
  layers: { isChosen: boolean; why: string };
  /** Compiled functions. */
  functions: number;
  poolTokens: number;
  poolQueries: number;
  /** Of a pool. */
  flops: Flops;
  updates: { pools: number; loss: number; gradNorm: number; seconds: UpdateSeconds }[];
  /** Alive after each update. */
  held: { tensors: number; native: number }[];
  encode?: { times: number[]; passagesPerSecond: number; flops: number };
  card: Card | undefined;
}

/** A product of two square matrices. */
export interface Peak {
  size: number;
  precision: Precision;
  /** Floating-point operations a second. */
  rate: number;
}

export interface Held {
  tensors: number;
  native: number;
  cardBytes: number | undefined;
}
