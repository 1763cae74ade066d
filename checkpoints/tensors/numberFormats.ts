/**
 * Cast bfloat16 to float32; exact.
 * @param bits  one bfloat16 each
 */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}

/** Round float32 to bfloat16, to the nearest and halves to even; NaN stays NaN, too large becomes infinite. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const words = wordsOf(values);
  const bits = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    // A NaN whose payload lies in the lower half would become infinite: the quiet bit keeps it a NaN.
    if ((word & 0x7fffffff) > 0x7f800000) bits[i] = (word >>> 16) | 0x40;
    else bits[i] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bits;
}

/**
 * Cast IEEE half precision to float32; exact.
 * @param bits  one half each
 */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const table = halves();
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!;
  return values;
}

/** Round float32 to IEEE half precision, to the nearest and halves to even; 65,520 and more become infinite. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const words = wordsOf(values);
  const bits = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++)
    bits[i] = ((words[i]! >>> 16) & 0x8000) | magnitudeToHalf(words[i]! & 0x7fffffff);
  return bits;
}

const wordsOf = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

let halfTable: Float32Array | undefined;

/** All 65,536 halves as float32: a look-up is several times faster than arithmetic on each bit field. */
function halves(): Float32Array {
  if (halfTable) return halfTable;
  halfTable = new Float32Array(0x10000);
  for (let bits = 0; bits < halfTable.length; bits++) {
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const magnitude =
      exponent === 0x1f
        ? fraction === 0
          ? Infinity
          : NaN
        : exponent === 0
          ? fraction * 2 ** -24
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    halfTable[bits] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return halfTable;
}

/** @param word  a float32 without its sign bit */
function magnitudeToHalf(word: number): number {
  if (word > 0x7f800000) return 0x7e00;
  if (word >= 0x477ff000) return 0x7c00; // 65,520 is half way to the first number that is out of range
  // The exponent's bias falls from 127 to 15; a carry out of the fraction rightly raises the exponent.
  if (word >= 0x38800000) return (word - 0x38000000 + 0xfff + ((word >>> 13) & 1)) >>> 13;
  const exponent = word >>> 23;
  if (exponent < 102) return 0; // below 2^-25, half of the smallest subnormal
  const shift = 126 - exponent; // leaves the fraction in units of 2^-24
  const fraction = (word & 0x7fffff) | 0x800000;
  return (fraction + (1 << (shift - 1)) - 1 + ((fraction >>> shift) & 1)) >>> shift;
}
