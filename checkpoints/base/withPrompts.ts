import type { RunConfig } from '../../configs/schema.js';
import type { Claims } from './moduleClaims.js';

/**
 * Settings with the prompts of a checkpoint for prefixes.
 * @param stated  dotted paths of settings that a user states, which stand
 * @returns the settings, the prompts that were taken over, and a line where these differ from what the settings had
 */
export function withPrompts(
  settings: RunConfig,
  { query, passage }: Claims['prefixes'],
  stated: readonly string[] = [],
): { settings: RunConfig; taken: Claims['prefixes']; told: string[] } {
  const taken: Claims['prefixes'] = {
    ...(query !== undefined && !stated.includes('contract.queryPrefix') && { query }),
    ...(passage !== undefined && !stated.includes('contract.passagePrefix') && { passage }),
  };
  const { queryPrefix, passagePrefix } = settings.contract;
  const contract = {
    ...settings.contract,
    queryPrefix: taken.query ?? queryPrefix,
    passagePrefix: taken.passage ?? passagePrefix,
  };
  const differing = (['queryPrefix', 'passagePrefix'] as const)
    .filter((name) => contract[name] !== settings.contract[name])
    .map((name) => `${name} ${JSON.stringify(contract[name])}, not ${JSON.stringify(settings.contract[name])}`);
  const told = `the prompts of the base are put before texts: ${differing.join('; ')}; --set contract.queryPrefix=... takes another`;
  return { settings: { ...settings, contract }, taken, told: differing.length > 0 ? [told] : [] };
}
