import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonObject } from './baseFolder.js';
import { isAbsent, isFalse, isTrue, unknownKeys, words, type Rules } from './keyRules.js';
import { moduleClaims, type Claims } from './moduleClaims.js';

/**
 * Read what a checkpoint says of how it computes. Each key is used, known to change nothing, or refused unless it has
 * the value under which it changes nothing; one that is not known is told.
 * @throws UserError for what is not computed here
 */
export async function checkpointClaims(folder: string): Promise<Claims> {
  const file = join(folder, 'config.json');
  const config = await readJsonObject(file);
  const { text_config: inner = {}, ...outer } = config;
  const tokenizerFile = join(folder, 'tokenizer_config.json');
  const tokenizer = existsSync(tokenizerFile) ? await readJsonObject(tokenizerFile) : {};
  const unknown = [
    ...unknownKeys(file, { ...outer, ...(inner as object) }, configKeys, configRules),
    ...unknownKeys(tokenizerFile, tokenizer, tokenizerKeys, tokenizerRules),
  ];
  const modules = await moduleClaims(folder);
  return { warnings: [...unknown, ...modules.warnings], prefixes: modules.prefixes };
}

/** Read by `modelConfig` and the tokenizer, which refuse what they do not compute, or without effect on an embedding. */
const configKeys = words(`
  model_type vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads head_dim
  rope_theta rope_parameters rope_scaling rms_norm_eps hidden_act use_sliding_window layer_types partial_rotary_factor
  attention_dropout quantization_config vision_config
  architectures bos_token_id eos_token_id pad_token_id image_token_id video_token_id vision_start_token_id
  vision_end_token_id vision_token_id dtype torch_dtype initializer_range max_position_embeddings max_window_layers
  sliding_window tie_word_embeddings transformers_version use_cache use_mrope _name_or_path _commit_hash
  _attn_implementation _attn_implementation_autoset attn_implementation output_attentions output_hidden_states return_dict
  torchscript gradient_checkpointing id2label label2id num_labels problem_type task_specific_params finetuning_task
  prefix pretraining_tp unsloth_version unsloth_fixed chunk_size_feed_forward tie_encoder_decoder is_encoder_decoder
  is_decoder sep_token_id decoder_start_token_id tokenizer_class hidden_dropout do_sample temperature top_k top_p
  max_length min_length num_beams repetition_penalty transformers.js_config`);

const configRules: Rules = {
  is_causal: isTrue,
  is_bidirectional: isFalse,
  bidirectional: isFalse,
  use_bidirectional_attention: isFalse,
  attn_type: [(value) => value === 'causal', 'causal'],
  auto_map: isAbsent,
  add_cross_attention: isFalse,
  cross_attention_hidden_size: isAbsent,
  pruned_heads: isAbsent,
  attention_bias: isTrue,
  qkv_bias: isTrue,
  mlp_bias: isFalse,
  num_experts: isAbsent,
  logit_scale: isAbsent,
  final_logit_softcapping: isAbsent,
  attn_logit_softcapping: isAbsent,
};

const tokenizerKeys = words(`
  add_bos_token add_eos_token bos_token eos_token pad_token unk_token chat_template
  added_tokens_decoder additional_special_tokens extra_special_tokens model_specific_special_tokens
  clean_up_tokenization_spaces errors legacy model_max_length sp_model_kwargs split_special_tokens tokenizer_class
  auto_map processor_class padding_side max_length stride truncation_strategy pad_to_multiple_of pad_token_type_id
  use_default_system_prompt use_fast from_slow name_or_path special_tokens_map_file tokenizer_file vocab_file
  merges_file backend is_local model_input_names device_map local_files_only unk_token_id response_schema
  cls_token sep_token mask_token remove_space do_lowercase_and_remove_accent image_token video_token
  vision_bos_token vision_eos_token trust_remote_code return_token_type_ids`);

const tokenizerRules: Rules = {
  add_prefix_space: isFalse,
  do_lower_case: isFalse,
  strip_accents: isFalse,
  truncation_side: [(value) => value === 'right', 'right'],
};
