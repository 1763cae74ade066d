import type { Contract, ImageContract } from '../../configs/contract.js';
import type { AdapterSettings } from './config.js';
import { targetModule, towerModule, type AdapterKeys, type TowerTarget } from './names.js';

/**
 * The README.md of an adapter: what it is made for, how texts must be prepared, how to load it.
 * @param contract  left out where the adapter does not come from a training run
 * @param tower     layers of the vision tower that it changes too
 */
export function adapterCard(
  adapter: AdapterSettings,
  keys: AdapterKeys,
  contract?: Contract,
  tower: readonly TowerTarget[] = [],
): string {
  const { loader, model } = loaders[keys];
  const base = JSON.stringify(adapter.base) + (adapter.revision ? `, revision="${adapter.revision}"` : '');
  return `---
base_model: ${JSON.stringify(adapter.base)}
library_name: peft
tags: [lora, feature-extraction, sentence-similarity]
---

# Retrieval adapter for ${adapter.base}

LoRA adapter of rank ${adapter.rank}, alpha ${adapter.alpha}, on ${adapter.targets.map(targetModule).join(', ')}${ofTower(tower)}. It turns the base model
into an encoder of queries and passages whose cosine is their relevance.

${contract ? textRules(contract) : ''}## Loading it

The names in adapter_model.safetensors are made for \`${loader}${model}\`. Loaded into another class, PEFT only warns and leaves the
base model as it was.

\`\`\`python
from transformers import ${loader}
from peft import PeftModel

model = PeftModel.from_pretrained(${loader}.from_pretrained(${base})${model}, "path/of/this/folder")
\`\`\`
`;
}

/** The text half of a vision-language base is in the model within; the class around it finds the tower under every name. */
const loaders: Record<AdapterKeys, { loader: string; model: string }> = {
  'auto-model': { loader: 'AutoModel', model: '' },
  'causal-lm': { loader: 'AutoModelForCausalLM', model: '' },
  'vision-language': { loader: 'AutoModelForImageTextToText', model: '.model' },
};

const ofTower = (tower: readonly TowerTarget[]) =>
  tower.length === 0 ? '' : ` and, in the vision tower, on ${tower.map(towerModule).join(', ')}`;

/** How a text becomes the vector that was trained, in the words of a README. */
export function textRules(contract: Contract): string {
  const added = [
    ...(contract.bosId === null ? [] : [`token ${contract.bosId} is put first`]),
    ...(contract.eosId === null ? [] : [`token ${contract.eosId} is appended after the cut`]),
  ];
  const trimmed = contract.titleRule === 'as-is' ? 'not trimmed' : 'trimmed';
  const follows = whatFollows(contract);
  return `## How texts are prepared

| | query | passage |
|---|---|---|
| text | \`${contract.queryPrefix}\` + text, no blank added, ${trimmed} | \`${contract.passagePrefix}\` + title + one blank + text, ${trimmed} |
${follows === '' ? '' : `| after it | ${quoted(contract.querySuffix)} | ${quoted(contract.passageSuffix)} |\n`}| longest, in tokens ${follows === '' ? 'with those added' : 'of prefix and text, cut before what follows them is put there'} | ${contract.queryMaxLength} | ${contract.passageMaxLength} |

${follows}${added.length === 0 ? 'No token is added' : `Of special tokens, ${added.join(' and ')}`}. The embedding is the final hidden state of the last
token, scaled to unit length. Frozen weights multiplied in ${contract.precision} while training.

${contract.image ? imageRules(contract.image) : ''}`;
}

/** How images become part of it. */
function imageRules({ minPixels, maxPixels, order, positions, alpha }: ImageContract): string {
  return `Images are turned as EXIF says, ${alpha === 'white' ? 'laid over white where they are transparent' : 'without their transparency'}, and resized (bicubic, antialiased) to at least ${minPixels}
and at most ${maxPixels} pixels by the base's image processor. Each stands between \`<|vision_start|>\` and \`<|vision_end|>\`, ${order === 'image-first' ? 'all of them before prefix and text' : 'all of them behind prefix and text'}.
${positions === 'mrope' ? 'Rotary positions count rows and columns of an image: call the model with what its processor returns.' : 'Rotary positions count tokens of images one after the other, unlike what the model does by itself.'}

`;
}

/** In words, what the contract puts around prefix and text; empty where nothing follows the text. */
function whatFollows({ querySuffix, passageSuffix, chatBefore, chatAfter, answerStart = '' }: Contract): string {
  if (chatBefore !== undefined)
    return `All of it stands in a chat, between \`${JSON.stringify(chatBefore)}\` and \`${JSON.stringify(chatAfter + answerStart)}\`
(as JSON strings), which hold every special token of the chat.

`;
  return querySuffix === undefined && passageSuffix === undefined ? '' : 'What follows the text is never cut.\n\n';
}

const quoted = (text: string | undefined) => (text === undefined ? 'nothing' : `\`${text}\``);
