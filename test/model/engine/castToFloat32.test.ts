import assert from 'node:assert/strict';
import { float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../../checkpoints/tensors/numberFormats.js';
import { capabilities } from '../../../model/engine/capabilities.js';
import { nativeBackend } from '../../../model/engine/native/rawTensors.js';
import { startEngine } from '../../../model/engine/startEngine.js';

/** Numbers of two bytes on the native engine against the conversions of numberFormats.ts. */
describe('casting on the processor', () => {
  before(async function () {
    const { precisions } = await startEngine();
    if (capabilities().fusedOps && precisions.includes('float16')) return;
    console.log('skipped: the fused operations are for TensorFlow on the processor');
    this.skip();
  });

  const bytesOf = (numbers: Uint16Array | Float32Array) => new Uint8Array(numbers.buffer);
  // Subnormals, zeros of both signs, infinities and everything that is not a number are among them.
  const everyHalf = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);

  it('gives every float16 number its float32', () => {
    const native = nativeBackend();
    const halves = native.uploadHalf(bytesOf(everyHalf), [256, 256], 'F16', 'float16');
    const wide = native.castToFloat32([halves]);
    const found = wide.dataSync();
    float16ToFloat32(everyHalf).forEach((number, bits) => {
      assert.ok(Object.is(found[bits], number), `half ${bits.toString(16)}: got ${found[bits]}, expected ${number}`);
    });
    native.release(halves);
    wide.dispose();
  });

  it('stacks float16 matrices whose rows fill no register', () => {
    const native = nativeBackend();
    const [first, second] = [everyHalf.slice(0x3c00, 0x3c00 + 21), everyHalf.slice(1, 1 + 7)] as const;
    const matrices = [
      native.uploadHalf(bytesOf(first), [3, 7], 'F16', 'float16'),
      native.uploadHalf(bytesOf(second), [1, 7], 'F16', 'float16'),
    ];
    const wide = native.castToFloat32(matrices);
    assert.deepEqual(wide.shape, [4, 7]);
    assert.deepEqual([...wide.dataSync()], [...float16ToFloat32(first), ...float16ToFloat32(second)]);
    matrices.forEach(native.release);
    wide.dispose();
  });

  // Between two neighbours, half way and on both sides of it; out of range; subnormal; too small.
  const numbers = Float32Array.from(
    [1, 1 + 2 ** -11, 1 + 2 ** -11 + 2 ** -20, 1 + 3 * 2 ** -11, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 65_504, 65_519, 65_520]
      .concat([1e38, 3.4e38, 2 ** -14, 2 ** -24, 1.5 * 2 ** -24, 2 ** -25, 0.75 * 2 ** -24, 0, Infinity, 0.1, 1 / 3])
      .flatMap((number) => [number, -number]),
  );
  for (const [kind, round] of [
    ['float16', float32ToFloat16],
    ['bfloat16', float32ToBfloat16],
  ] as const)
    it(`rounds float32 to ${kind} as the host does`, () => {
      const native = nativeBackend();
      const matrix = native.uploadHalf(bytesOf(numbers), [1, numbers.length], 'F32', kind);
      const asHost = native.uploadHalf(
        bytesOf(round(numbers)),
        [1, numbers.length],
        kind === 'float16' ? 'F16' : 'BF16',
        kind,
      );
      const [found, wanted] = [native.castToFloat32([matrix]), native.castToFloat32([asHost])];
      assert.deepEqual([...found.dataSync()], [...wanted.dataSync()]);
      [matrix, asHost].forEach(native.release);
      found.dispose();
      wanted.dispose();
    });
});
