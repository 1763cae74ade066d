import type { TinyWeights } from '../../fixtures/writeTinyVision.js';
import type { VisionConfig } from '../../../model/vision/visionConfig.js';

/**
 * The tower once more, as its definition reads: patch by patch in double precision, row by row of the image, with a
 * question for each pair of patches whether they see each other. Source: Qwen2.5-VL (arXiv 2502.13923) section 2.1.
 * @param pixels  [patches, 3 * patch * patch], normalised, token by token
 * @returns       [tokens, out]
 */
export function plainTower(
  pixels: number[][],
  rows: number,
  columns: number,
  weights: TinyWeights,
  config: VisionConfig,
): number[][] {
  const { blocks, heads, headDim, hidden, merge, window, fullBlocks } = config;
  const linear = (name: string, x: number[][]) => {
    const bias = weights.get(`visual.${name}.bias`)!.values;
    return product(x, weights.get(`visual.${name}.weight`)!).map((row) => row.map((value, at) => value + bias[at]!));
  };
  const norm = (name: string, x: number[][]) => {
    const gain = weights.get(`visual.${name}.weight`)!.values;
    return x.map((row) => {
      const rms = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + 1e-6);
      return row.map((value, at) => (value / rms) * gain[at]!);
    });
  };
  const places = pixels.map((_, patch) => {
    const [token, inner] = [Math.floor(patch / merge ** 2), patch % merge ** 2];
    const [tokenRow, tokenColumn] = [Math.floor(token / columns), token % columns];
    return {
      row: tokenRow * merge + Math.floor(inner / merge),
      column: tokenColumn * merge + (inner % merge),
      window: `${Math.floor(tokenRow / window)} ${Math.floor(tokenColumn / window)}`,
    };
  });
  const turned = (head: number[], { row, column }: (typeof places)[number]) => {
    const half = headDim / 2;
    return head.map((value, at) => {
      const pair = at % half;
      const frequency = 10000 ** (-(2 * (pair % (half / 2))) / half);
      const angle = (pair < half / 2 ? row : column) * frequency;
      const other = at < half ? -head[at + half]! : head[at - half]!;
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  };
  const frames = weights.get('visual.patch_embed.proj.weight')!;
  const twice = pixels.map((patch) => {
    const side = patch.length / 3;
    return [0, 1, 2].flatMap((c) => [
      ...patch.slice(c * side, (c + 1) * side),
      ...patch.slice(c * side, (c + 1) * side),
    ]);
  });
  let x = product(twice, { shape: [hidden, twice[0]!.length], values: frames.values });
  for (let block = 0; block < blocks; block++) {
    const qkv = linear(`blocks.${block}.attn.qkv`, norm(`blocks.${block}.norm1`, x));
    const mixed = x.map((_, patch) =>
      Array.from({ length: heads }, (_, head) => {
        const part = (of: number, which: number) =>
          qkv[of]!.slice(which * hidden + head * headDim, which * hidden + (head + 1) * headDim);
        const q = turned(part(patch, 0), places[patch]!);
        const seen = places.flatMap(({ window: own }, other) =>
          fullBlocks.includes(block) || own === places[patch]!.window ? [other] : [],
        );
        const scores = seen.map((other) => dot(q, turned(part(other, 1), places[other]!)) / Math.sqrt(headDim));
        const shares = scores.map((score) => Math.exp(score));
        const sum = shares.reduce((total, share) => total + share, 0);
        return q.map((_, at) => seen.reduce((total, other, i) => total + (shares[i]! / sum) * part(other, 2)[at]!, 0));
      }).flat(),
    );
    x = added(x, linear(`blocks.${block}.attn.proj`, mixed));
    const normed = norm(`blocks.${block}.norm2`, x);
    const up = linear(`blocks.${block}.mlp.up_proj`, normed);
    const gated = linear(`blocks.${block}.mlp.gate_proj`, normed).map((row, patch) =>
      row.map((value, at) => (value / (1 + Math.exp(-value))) * up[patch]![at]!),
    );
    x = added(x, linear(`blocks.${block}.mlp.down_proj`, gated));
  }
  const normed = norm('merger.ln_q', x);
  const joined = Array.from({ length: rows * columns }, (_, token) =>
    normed.slice(token * merge ** 2, (token + 1) * merge ** 2).flat(),
  );
  const inner = linear('merger.mlp.0', joined).map((row) => row.map((value) => value * normalShareBelow(value)));
  return linear('merger.mlp.2', inner);
}

const dot = (x: ArrayLike<number>, y: ArrayLike<number>) => {
  let sum = 0;
  for (let at = 0; at < x.length; at++) sum += x[at]! * y[at]!;
  return sum;
};
const added = (x: number[][], y: number[][]) => x.map((row, at) => row.map((value, column) => value + y[at]![column]!));
const product = (x: number[][], { shape, values }: { shape: number[]; values: Float32Array }) => {
  const [out, width] = shape as [number, number];
  const rows = Array.from({ length: out }, (_, row) => values.subarray(row * width, (row + 1) * width));
  return x.map((row) => rows.map((weights) => dot(row, weights)));
};

/** The integral of the bell curve, by the trapezoidal rule. */
function normalShareBelow(value: number): number {
  const steps = 2000;
  const width = value / steps;
  let sum = 0;
  for (let step = 0; step <= steps; step++)
    sum += Math.exp(-((step * width) ** 2) / 2) * (step === 0 || step === steps ? 0.5 : 1);
  return 0.5 + (sum * width) / Math.sqrt(2 * Math.PI);
}
