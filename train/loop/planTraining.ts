import type { Contract } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import type { ExampleFile } from '../../data/arrow/openExamples.js';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.js';
import { packs } from '../../model/pass/encodeChunk.js';
import { narrows } from '../../model/pass/narrowPass.js';
import { capabilities } from '../../model/engine/capabilities.js';
import { engineFacts } from '../../model/memory/engineFacts.js';
import { memoryBudget, memoryName, processBytes } from '../../model/memory/memoryBudget.js';
import { planMemory, smallestPeak, type MemoryPlan, type PlanFacts } from '../../model/memory/memoryPlan.js';
import { weightForm } from '../../model/memory/weightForm.js';
import type { Model } from '../../model/layer/decoder.js';
import { matricesOfLayer, shapeOf } from '../../model/memory/shapeArithmetic.js';
import { gridOf } from '../../model/vision/openVision.js';
import type { VisionConfig } from '../../model/vision/visionConfig.js';
import { towerBytes } from '../../model/memory/towerBytes.js';
import { trainedParameters } from '../../model/memory/trainedParameters.js';
import { knownImages } from './images/knownImages.js';
import { poolShape } from './poolShape.js';

/**
 * Plan the memory of a run from its model, its settings and the lengths of its texts.
 * @param weights   how often each file's rows come in an epoch; once where left out
 * @param tower     that reads the images of the files, where they have any
 * @param settings  a chunk size or a limit that they state is kept to
 * @throws UserError when the run cannot fit
 */
export async function planTraining(
  model: Model,
  tokenizer: Tokenizer,
  contract: Contract,
  settings: RunConfig,
  files: readonly ExampleFile[],
  weights?: readonly number[],
  tower?: VisionConfig,
): Promise<MemoryPlan> {
  const { chunkTokens, memoryMegabytes } = settings.training;
  const engine = engineFacts(model.config, model, packs(model));
  const images = knownImages(files);
  const {
    largestImage = 0,
    imageTokens = 0,
    ...shape
  } = await poolShape(
    ...([tokenizer, contract, settings, files, weights] as const),
    tower && ((sha256) => tokensOf(gridOf(images.sizeOf(sha256), contract.image!, tower))),
  );
  const way = { isAdapted: settings.lora.tower ?? false, isFused: capabilities().fusedOps };
  const kept = engine.leavesNothing ? 0 : imageTokens * settings.training.poolsPerUpdate;
  const facts: PlanFacts = {
    ...engine,
    ...(tower && { tower: towerBytes(tower, engine.weightBytes, largestImage, kept, way) }),
    adapterElements: trainedParameters(shapeOf(model.config, false), settings.lora, tower),
    ...shape,
    processBytes: processBytes(weightBytesOf(model)),
  };
  const budgetBytes = memoryMegabytes === 'auto' ? memoryBudget() : memoryMegabytes * 1e6;
  const fixed = {
    ...(chunkTokens !== 'auto' && { chunkTokens }),
    keepsNothing: settings.training.gradientShare < 1 && !narrows(model),
  };
  const plan = planMemory(facts, budgetBytes, fixed);
  if (plan) return plan;
  const [needed, allowed] = [smallestPeak(facts, fixed), budgetBytes].map((bytes) => `${Math.ceil(bytes / 1e6)} MB`);
  const what = chunkTokens === 'auto' ? 'this base' : `this base in chunks of ${chunkTokens} tokens`;
  const remedy = chunkTokens === 'auto' ? 'take a smaller base' : 'start a run with smaller training.chunkTokens';
  throw new UserError(
    memoryMegabytes === 'auto'
      ? `training ${what} needs at least ${needed} of ${memoryName()} and ${allowed} can be used; free some, or ${remedy}`
      : `training.memoryMegabytes must be at least ${needed} for ${what} and its pool; got ${allowed}`,
  );
}

const tokensOf = ({ rows, columns }: { rows: number; columns: number }) => rows * columns;

/** Bytes that a model's frozen matrices take. */
export const weightBytesOf = (model: Model): number =>
  model.layers.length * matricesOfLayer(model.config) * weightForm(model).weightBytes;
