import type { Contract } from '../../configs/contract.js';
import { textRules } from '../adapter/card.js';
import type { AdapterSettings } from '../adapter/config.js';

/**
 * The README.md of a model whose weights hold the adapter.
 * @param loading  a section on how to load it, for layouts that do more than the plain checkpoint
 */
export function mergedCard(adapter: AdapterSettings, contract: Contract, loading = ''): string {
  return `---
base_model: ${JSON.stringify(adapter.base)}
tags: [feature-extraction, sentence-similarity]
---

# Retrieval encoder made from ${adapter.base}

The weights are those of the base with a LoRA adapter of rank ${adapter.rank}, alpha ${adapter.alpha} added to them. Sums are rounded to
the kind of number the files hold: in 16 bits, embeddings differ a little from those of base and adapter kept apart.

${textRules(contract)}${loading}`;
}
