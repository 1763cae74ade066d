import type { Adapter } from '../../../checkpoints/adapter/adapter.js';
import type { RunRecord } from '../../../checkpoints/run/config.js';
import type { RunFolder } from '../../../checkpoints/run/folder.js';
import type { Lock } from '../../../setup/lock/lock.mjs';
import type { SavedState } from '../../../checkpoints/run/state.js';
import type { Contract } from '../../../configs/contract.js';
import type { ExampleFile } from '../../../data/arrow/openExamples.js';
import type { TokenCache } from '../../../data/tokenCache/openTokenCache.js';
import type { Engine } from '../../../model/engine/startEngine.js';
import type { Model } from '../../../model/layer/decoder.js';
import type { MemoryPlan } from '../../../model/memory/memoryPlan.js';
import type { RunImages } from '../images/openImages.js';
import type { DuringTask } from '../../during/duringTasks.js';

/** A run ready to train: everything read and checked, the adapter not yet on the device. */
export interface OpenTraining {
  model: Model;
  /** What training starts from: fresh, given, or saved. */
  adapter: Adapter;
  files: ExampleFile[];
  /** What reads the images of these, where they have any. */
  images: RunImages | undefined;
  /** Kept tokens of each file, where there are any. */
  caches: (TokenCache | undefined)[];
  contract: Contract;
  record: RunRecord;
  paths: RunFolder;
  plan: MemoryPlan;
  engine: Engine;
  /** Tasks that the adapter is scored on while it is trained. */
  during: DuringTask[];
  from: SavedState | undefined;
  /** For people: what was not as asked. */
  warnings: string[];
  /** Keeps other processes out of the run folder. */
  lock: Lock;
}
