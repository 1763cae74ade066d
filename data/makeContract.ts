import type { Contract, Precision } from '../configs/contract.js';
import type { RunConfig } from '../configs/schema.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * The contract that a run's settings and a base's tokenizer make together.
 * @param precision  the arithmetic in effect, which differs from the setting where the engine cannot offer it
 */
export function makeContract({ contract, loss }: RunConfig, tokenizer: Tokenizer, precision: Precision): Contract {
  return {
    tokenizer: tokenizer.hash,
    queryPrefix: contract.queryPrefix,
    passagePrefix: contract.passagePrefix,
    titleRule: 'title-blank-text',
    bosId: tokenizer.bosId,
    eosId: contract.appendEos ? tokenizer.eosId : null,
    queryMaxLength: contract.queryMaxLength,
    passageMaxLength: contract.passageMaxLength,
    pooling: 'last',
    normalize: true,
    precision,
    temperature: loss.temperature,
  };
}
