import type { Contract } from '../configs/contract.js';
import type { AdapterSettings } from './adapterConfig.js';
import { targetModule, type AdapterKeys } from './adapterNames.js';

/**
 * The README.md of an adapter: what it is made for, how texts must be prepared, how to load it.
 * @param contract  left out where the adapter does not come from a training run
 */
export function adapterCard(adapter: AdapterSettings, keys: AdapterKeys, contract?: Contract): string {
  const loader = keys === 'causal-lm' ? 'AutoModelForCausalLM' : 'AutoModel';
  return `---
base_model: ${JSON.stringify(adapter.base)}
library_name: peft
tags: [lora, feature-extraction, sentence-similarity]
---

# Retrieval adapter for ${adapter.base}

LoRA adapter of rank ${adapter.rank}, alpha ${adapter.alpha}, on ${adapter.targets.map(targetModule).join(', ')}. It turns the base model
into an encoder of queries and passages whose cosine is their relevance.

${contract ? textRules(contract) : ''}## Loading it

The names in adapter_model.safetensors are made for \`${loader}\`. Loaded into another class, PEFT only warns and leaves the
base model as it was.

\`\`\`python
from transformers import ${loader}
from peft import PeftModel

model = PeftModel.from_pretrained(${loader}.from_pretrained(${JSON.stringify(adapter.base)}), "path/of/this/folder")
\`\`\`
`;
}

/** How a text becomes the vector that was trained, in the words of a README. */
export function textRules(contract: Contract): string {
  const added = [
    ...(contract.bosId === null ? [] : [`token ${contract.bosId} is put first`]),
    ...(contract.eosId === null ? [] : [`token ${contract.eosId} is appended after the cut`]),
  ];
  return `## How texts are prepared

| | query | passage |
|---|---|---|
| text | \`${contract.queryPrefix}\` + text, no blank added | \`${contract.passagePrefix}\` + title + one blank + text, trimmed |
| longest, in tokens with those added | ${contract.queryMaxLength} | ${contract.passageMaxLength} |

${added.length === 0 ? 'No token is added' : `Of special tokens, ${added.join(' and ')}`}. The embedding is the final hidden state of the last
token, scaled to unit length. Frozen weights multiplied in ${contract.precision} while training.

`;
}
