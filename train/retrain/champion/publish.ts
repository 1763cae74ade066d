import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder, runsRoot } from '../../../checkpoints/run/folder.js';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { UserError } from '../../../configs/userError.js';
import { explainWriteFailure } from '../../../data/files/explainWriteFailure.js';
import { makeFolder } from '../../../data/files/makeFolder.js';
import { syncFolder, writeBeside } from '../../../data/files/writeBeside.js';
import { championOf } from './champion.js';
import { runStep, type Steps } from '../runStep.js';
import type { PlanFolder } from '../planFolder.js';

/**
 * Make the complete folder of a champion, unless it is there: adapter/, what else the plan publishes, contract.json,
 * proof.json (each form read back, with how near it comes to the embeddings of training) and decision.json. It has its
 * name only when all of it is on the disk.
 * @throws UserError when a form cannot be written, or the disk is full
 */
export async function publish(
  paths: PlanFolder,
  form: RetrainingPlan['publish'],
  run: string,
  decision: unknown,
  steps: Steps,
): Promise<void> {
  const target = paths.champion(run);
  if (hasForm(paths, form, run)) return;
  if (championOf(paths) === run)
    throw new UserError(
      `champion ${run} is in use without ${form}/; a folder in use is not changed: promote another run`,
    );
  const partial = `${target}.partial`; // of this plan alone, whose lock is held
  try {
    await rm(partial, { recursive: true, force: true });
    await makeFolder(partial);
    const proof: Record<string, unknown> = {
      adapter: await exported(run, 'peft', join(partial, 'adapter'), steps),
      ...(form !== 'adapter' && { [form]: await exported(run, form, join(partial, form), steps) }),
    };
    await copyOnDisk(runFolder(runsRoot, run).contract, join(partial, 'contract.json'));
    await writeBeside(join(partial, 'proof.json'), `${JSON.stringify(proof, null, 2)}\n`);
    await writeBeside(join(partial, 'decision.json'), `${JSON.stringify(decision, null, 2)}\n`);
    await syncFolder(partial);
    await rm(target, { recursive: true, force: true }); // published in another form, and not in use
    await rename(partial, target);
    await syncFolder(paths.champions);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw explainWriteFailure(error, target);
  }
}

/** Whether a champion's folder is there, with what the plan publishes. */
export const hasForm = (place: PlanFolder, form: RetrainingPlan['publish'], run: string): boolean =>
  existsSync(join(place.champion(run), form));

/** SHA-256, hexadecimal, of the adapter that a champion's folder holds. */
export async function adapterHash(paths: PlanFolder, run: string): Promise<string> {
  const weights = await readFile(join(paths.champion(run), 'adapter/adapter_model.safetensors'));
  return createHash('sha256').update(weights).digest('hex');
}

async function copyOnDisk(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  await file.sync().finally(() => file.close());
}

async function exported(run: string, form: string, output: string, steps: Steps): Promise<unknown> {
  const printed = await runStep(steps, 'export', [run, '--as', form, '--output', output, '--json']);
  const { largestDifference, smallestCosine } = JSON.parse(printed.trim().split('\n').at(-1)!) as Record<
    string,
    number
  >;
  return { largestDifference, smallestCosine };
}
