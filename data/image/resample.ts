import type { Size } from './smartSize.js';

/** Bytes of an image: rows of pixels of red, green and blue. */
export interface Pixels extends Size {
  bytes: Uint8Array;
}

const channels = 3;

/**
 * Resize by Keys' bicubic kernel, which is widened where the image shrinks. It gives the bytes that published models
 * saw: across first, rounded to bytes, then down, with weights of 16 bits; a pass is left out where the size stays.
 * Source: torchvision 0.28 `resize` of uint8, bicubic with antialiasing, which is Pillow's algorithm.
 */
export function resample(image: Pixels, { height, width }: Size): Pixels {
  const across = image.width === width ? image : resampleAcross(image, width);
  return across.height === height ? across : resampleDown(across, height);
}

function resampleAcross({ bytes, height, width }: Pixels, wanted: number): Pixels {
  const { firsts, taps, weights, most, bits } = kernelWeights(width, wanted);
  const out = new Uint8Array(height * wanted * channels);
  const half = 1 << (bits - 1);
  for (let row = 0, to = 0; row < height; row++) {
    const start = row * width * channels;
    for (let column = 0; column < wanted; column++, to += channels) {
      let from = start + firsts[column]! * channels;
      let [red, green, blue] = [half, half, half];
      const end = column * most + taps[column]!;
      for (let tap = column * most; tap < end; tap++, from += channels) {
        const weight = weights[tap]!;
        red += weight * bytes[from]!;
        green += weight * bytes[from + 1]!;
        blue += weight * bytes[from + 2]!;
      }
      out[to] = clip(red >> bits);
      out[to + 1] = clip(green >> bits);
      out[to + 2] = clip(blue >> bits);
    }
  }
  return { bytes: out, height, width: wanted };
}

function resampleDown({ bytes, height, width }: Pixels, wanted: number): Pixels {
  const { firsts, taps, weights, most, bits } = kernelWeights(height, wanted);
  const length = width * channels;
  const out = new Uint8Array(wanted * length);
  const sums = new Int32Array(length);
  for (let row = 0; row < wanted; row++) {
    sums.fill(1 << (bits - 1));
    for (let tap = 0; tap < taps[row]!; tap++) {
      const weight = weights[row * most + tap]!;
      const from = (firsts[row]! + tap) * length;
      for (let index = 0; index < length; index++) sums[index]! += weight * bytes[from + index]!;
    }
    for (let position = 0; position < length; position++) out[row * length + position] = clip(sums[position]! >> bits);
  }
  return { bytes: out, height: wanted, width };
}

const clip = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value);

interface KernelWeights {
  /** Of each output the first input, and how many inputs. */
  firsts: Int32Array;
  taps: Int32Array;
  /** [outputs, most], whole numbers: a weight times 2 ** bits. */
  weights: Int16Array;
  most: number;
  bits: number;
}

function kernelWeights(inputs: number, outputs: number): KernelWeights {
  const scale = inputs / outputs;
  const stretch = Math.max(1, scale);
  const most = Math.ceil(2 * stretch) * 2 + 1;
  const firsts = new Int32Array(outputs);
  const taps = new Int32Array(outputs);
  const exact = new Float64Array(outputs * most);
  let largest = 0;
  for (let output = 0; output < outputs; output++) {
    const centre = (output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 2 * stretch + 0.5));
    const count = Math.min(inputs, Math.trunc(centre + 2 * stretch + 0.5)) - first;
    const kernel = exact.subarray(output * most, output * most + count);
    let sum = 0;
    for (let tap = 0; tap < count; tap++) sum += kernel[tap] = cubic((tap + first - centre + 0.5) / stretch);
    for (let tap = 0; tap < count; tap++) largest = Math.max(largest, (kernel[tap]! /= sum));
    firsts[output] = first;
    taps[output] = count;
  }
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 2 ** 15) bits++;
  const weights = Int16Array.from(exact, (weight) => Math.trunc(weight * 2 ** bits + (weight < 0 ? -0.5 : 0.5)));
  return { firsts, taps, weights, most, bits };
}

/** Source: Keys (1981), with a = -0.5. */
function cubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}
