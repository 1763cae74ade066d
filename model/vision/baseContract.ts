import type { Contract, Precision } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';
import { makeContract } from '../../data/tokenizer/makeContract.js';
import type { Tokenizer } from '../../data/tokenizer/tokenizer.js';
import type { Engine } from '../engine/startEngine.js';
import { openVision, type Vision } from './openVision.js';

interface BaseContract {
  contract: Contract;
  /** How the base reads images, where the contract tells of them. */
  vision: Vision | undefined;
}

/**
 * The contract that settings make with the files of a base.
 * @param readsImages  whether documents may have images; of texts alone a base with a vision tower is told as any other
 * @throws UserError when images are to be read and the base has no vision tower
 */
export async function baseContract(
  base: { folder: string; tokenizer: Tokenizer },
  settings: RunConfig,
  arithmetic: { precision: Precision } & Pick<Engine, 'float32Products'>,
  readsImages: boolean,
): Promise<BaseContract> {
  const vision = readsImages ? await openVision(base.folder, base.tokenizer) : undefined;
  const { precision, float32Products } = arithmetic;
  return { contract: makeContract(settings, base.tokenizer, precision, float32Products, vision?.values), vision };
}
