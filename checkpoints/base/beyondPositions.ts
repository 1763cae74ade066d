import { join } from 'node:path';
import type { Contract } from '../../configs/contract.js';
import { readJsonObject } from './baseFolder.js';

/** Where a contract lets texts be longer than a base was made for, a line. Longer ones are computed all the same. */
export async function beyondPositions(folder: string, contract: Contract): Promise<string[]> {
  const config = await readJsonObject(join(folder, 'config.json'));
  const { max_position_embeddings: most } = { ...config, ...(config['text_config'] as object | undefined) } as Record<
    string,
    unknown
  >;
  if (typeof most !== 'number') return [];
  const beyond = (['queryMaxLength', 'passageMaxLength'] as const).filter((name) => contract[name] > most);
  return beyond.map(
    (name) =>
      `contract.${name} is ${contract[name]}, and the base was made for texts of ${most} tokens (max_position_embeddings): ` +
      'longer ones get embeddings that it never learned',
  );
}
