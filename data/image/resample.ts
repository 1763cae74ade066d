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
  const kernel = kernelWeights(width, wanted);
  const out = new Uint8ClampedArray(height * wanted * channels);
  for (let row = 0, to = 0; row < height; row++)
    for (let column = 0; column < wanted; column++, to += channels) {
      const from = (row * width + kernel.firsts[column]!) * channels;
      weighPixels(bytes, from, channels, kernel, column, out, to);
    }
  return { bytes: new Uint8Array(out.buffer), height, width: wanted };
}

function resampleDown({ bytes, height, width }: Pixels, wanted: number): Pixels {
  const kernel = kernelWeights(height, wanted);
  const length = width * channels;
  const out = new Uint8ClampedArray(wanted * length);
  for (let row = 0, to = 0; row < wanted; row++)
    for (let column = 0; column < length; column += channels, to += channels)
      weighPixels(bytes, kernel.firsts[row]! * length + column, length, kernel, row, out, to);
  return { bytes: new Uint8Array(out.buffer), height: wanted, width };
}

/**
 * One pixel of the output, clipped by the array that takes it. Sums that may not leave 32 bits spare V8 looking for overflow.
 * @param from  the first value of the first pixel it sees; the others follow `step` values apart
 */
function weighPixels(
  bytes: Uint8Array,
  from: number,
  step: number,
  { taps, weights, most, bits }: KernelWeights,
  output: number,
  out: Uint8ClampedArray,
  to: number,
): void {
  const half = 1 << (bits - 1);
  let red = half;
  let green = half;
  let blue = half;
  const end = output * most + taps[output]!;
  for (let tap = output * most; tap < end; tap++, from += step) {
    const weight = weights[tap]!;
    red = (red + Math.imul(weight, bytes[from]!)) | 0;
    green = (green + Math.imul(weight, bytes[from + 1]!)) | 0;
    blue = (blue + Math.imul(weight, bytes[from + 2]!)) | 0;
  }
  out[to] = red >> bits;
  out[to + 1] = green >> bits;
  out[to + 2] = blue >> bits;
}

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
