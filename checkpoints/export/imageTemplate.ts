import type { Contract } from '../../configs/contract.js';

/**
 * A chat template that makes of a document what the contract makes of it: prefix and text, images before or behind them,
 * and what stands around all. The sentence-transformers library gives it the prefix as a system message, the parts of the
 * document in the caller's order, and as `task` whether it is a query. A text in a user's turn alone comes out as under
 * the base's own template, so the contract is read from it again.
 */
export function imageTemplate(contract: Contract): string {
  const { chatBefore = '', chatAfter = '', answerStart = '', querySuffix = '', passageSuffix = '' } = contract;
  const text = '{{- parts.text -}}';
  const images = '{{- parts.images -}}';
  return [
    "{%- set parts = namespace(text='', images='') -%}",
    "{%- for message in messages if message['role'] != 'assistant' -%}",
    "{%- if message['content'] is string -%}",
    "{%- set parts.text = parts.text + message['content'] -%}",
    '{%- else -%}',
    "{%- for part in message['content'] -%}",
    "{%- if part['type'] == 'image' -%}",
    "{%- set parts.images = parts.images + '<|vision_start|><|image_pad|><|vision_end|>' -%}",
    '{%- else -%}',
    "{%- set parts.text = parts.text + part['text'] -%}",
    '{%- endif -%}',
    '{%- endfor -%}',
    '{%- endif -%}',
    '{%- endfor -%}',
    constant(chatBefore),
    ...(contract.image?.order === 'image-first' ? [images, text] : [text, images]),
    ...(querySuffix + passageSuffix === ''
      ? []
      : [
          `{%- if task == 'query' -%}${constant(querySuffix)}`,
          `{%- elif task == 'document' -%}${constant(passageSuffix)}{%- endif -%}`,
        ]),
    constant(chatAfter + answerStart),
  ].join('');
}

const constant = (text: string) => (text === '' ? '' : `{{- ${JSON.stringify(text)} -}}`);
