import { join } from 'node:path';
import { readAdapter, type Adapter } from '../../../checkpoints/adapter/adapter.js';
import { isInTower } from '../../../checkpoints/adapter/names.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import type { RunConfig } from '../../../configs/schema.js';
import { UserError } from '../../../configs/userError.js';
import type { PlanFolder } from '../planFolder.js';
import { championOf } from './champion.js';

/**
 * What a plan's training is told of its start: the champion's adapter where it starts from that, and the plan's settings.
 * Those of the adapter itself say how the first is made; a later one has them already, and training takes none beside it.
 * @throws UserError naming a setting in which the champion's adapter differs
 */
export async function startArguments(
  plan: Pick<RetrainingPlan, 'name' | 'base' | 'recipe' | 'set' | 'from'>,
  paths: PlanFolder,
): Promise<string[]> {
  const champion = plan.from === 'champion' ? championOf(paths) : null;
  if (champion === null) return settings(plan.set);
  const adapter = join(paths.champion(champion), 'adapter');
  const own = plan.set.filter((setting) => pathOf(setting) in ofAdapter);
  if (own.length > 0) {
    const { lora } = loadConfig(plan.recipe ?? resolveBase(plan.base).recipe, plan.set).config;
    const read = await readAdapter(adapter);
    for (const path of own.map(pathOf)) requireSame(plan.name, path, ofAdapter[path as Own](lora, read));
  }
  return ['--adapter', adapter, ...settings(plan.set.filter((setting) => !own.includes(setting)))];
}

/** Settings that an adapter brings along: as they are told, and as it has them. */
const ofAdapter = {
  'lora.rank': (lora, { rank }) => [lora.rank, rank],
  'lora.alpha': (lora, { alpha }) => [lora.alpha, alpha],
  'lora.targets': (lora, { targets }) => [[...lora.targets].sort(), [...targets].sort()],
  'lora.tower': (lora, { matrices }) => [lora.tower, [...matrices.keys()].some(isInTower)],
} satisfies Record<string, (lora: RunConfig['lora'], adapter: Adapter) => [told: unknown, had: unknown]>;

type Own = keyof typeof ofAdapter;

function requireSame(plan: string, path: string, values: unknown[]): void {
  const [told, had] = values.map((value) => JSON.stringify(value));
  if (told !== had)
    throw new UserError(
      `retraining plan ${plan}: set says ${path}=${told}, but it starts from the champion, whose adapter has ${had}; ` +
        'leave that setting out, or say from: base',
    );
}

const settings = (set: readonly string[]) => set.flatMap((setting) => ['--set', setting]);

const pathOf = (setting: string) => setting.split('=', 1)[0]!;
