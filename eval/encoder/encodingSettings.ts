import { overrideConfig } from '../../configs/load/loadConfig.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';

/**
 * The settings that a model is encoded under.
 * @param settings  of its run, or of the recipe that it goes by
 * @param set       `path=value`, as the user states them
 * @param hasContract  whether the model was trained under a contract, which then stands
 * @param readsImages  whether texts may have images
 * @throws UserError when a setting is unknown, or would change nothing
 */
export function encodingSettings(
  model: string,
  settings: RunConfig,
  set: readonly string[],
  hasContract: boolean,
  readsImages = false,
): RunConfig {
  for (const override of set) {
    const path = override.split('=')[0]!;
    if (isOfContract(path) && hasContract)
      throw new UserError(`--set ${path} has no effect on ${model}, which has a contract of its own; leave it out`);
  }
  const { config, overridden } = overrideConfig(settings, set);
  const idle = overridden.find((path) =>
    path.startsWith('image.') ? !readsImages : !isOfContract(path) && !effective.includes(path),
  );
  if (idle?.startsWith('image.'))
    throw new UserError(`--set ${idle} has no effect where no text comes with an image; leave it out`);
  if (idle !== undefined)
    throw new UserError(
      `--set ${idle} has no effect on encoding; contract.*, loss.temperature, ${effective.join(' and ')} have`,
    );
  return config;
}

const isOfContract = (path: string) => /^(contract\.|image\.|loss\.temperature$)/.test(path);

/** Besides those that the contract is made of. */
const effective = ['evaluation.batchTokens', 'training.tokenizerThreads'];
