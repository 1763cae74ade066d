import { createRequire } from 'node:module';
import type * as Library from '@huggingface/transformers';

export interface ChatMessage {
  role: 'user' | 'assistant';
  content: string;
}

/**
 * The tokenizer of transformers.js over parsed files of a folder.
 * @throws Error when it knows no such tokenizer
 */
export function libraryTokenizer(json: object, config: object): Library.PreTrainedTokenizer {
  // Loaded where it is first needed, not at the top: it takes half a second, and most tokenizers do without.
  const { PreTrainedTokenizer } = createRequire(import.meta.url)('@huggingface/transformers') as typeof Library;
  return new PreTrainedTokenizer(json, config);
}

/**
 * Messages under a chat template, rendered by transformers.js as Python's `apply_chat_template(messages,
 * tokenize=False)` renders them: the template's own system prompt, no turn opened for an answer.
 * @param config  tokenizer_config.json, for the special tokens that templates name
 * @throws Error when the template refuses the messages
 */
export function renderChat(json: object, config: object, template: string, messages: ChatMessage[]): string {
  // Templates see no vocabulary, so that none is built.
  const withoutModel = { ...json, model: { type: 'BPE', vocab: {}, merges: [] }, added_tokens: [] };
  return libraryTokenizer(withoutModel, config).apply_chat_template(messages, {
    chat_template: template,
    tokenize: false,
    add_generation_prompt: false,
  });
}
