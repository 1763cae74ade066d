import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RetrainingPlan } from '../../configs/load/loadRetraining.js';
import { UserError } from '../../configs/userError.js';
import { writeBeside } from '../../data/files/writeBeside.js';
import type { PlanFolder } from './planFolder.js';

/**
 * A plan's folder is found by its name alone: the champion of one plan must not be judged, replaced or removed by another
 * file that happens to be called the same. A plan whose file was moved keeps its folder.
 * @throws UserError naming the plan file that the folder belongs to
 */
export async function requirePlanOwner({ name, file }: RetrainingPlan, { folder, owner }: PlanFolder): Promise<void> {
  if (!existsSync(owner)) return;
  const known = (await readFile(owner, 'utf8')).trim();
  if (existsSync(known) && (await realpath(known)) !== (await realpath(file)))
    throw new UserError(`${file}: ${folder} holds the champions of ${known}, a plan ${name} too; rename one of them`);
}

/** Write down that a plan's folder belongs to it. */
export async function writePlanOwner({ file }: RetrainingPlan, { owner }: PlanFolder): Promise<void> {
  await writeBeside(owner, `${resolve(file)}\n`);
}
