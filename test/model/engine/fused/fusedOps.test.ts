import assert from 'node:assert/strict';
import { adapterKeys, dropoutMask, mixBits, type RowDropout } from '../../../../model/engine/dropoutMask.js';
import { fusedOps, type StackedLora } from '../../../../model/engine/fused/fusedOps.js';
import { capabilities } from '../../../../model/engine/capabilities.js';
import { nativeBackend, type RawTensor } from '../../../../model/engine/native/rawTensors.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';
import { assertClose, randomTensor } from '../../../assertions.js';

// Widths that are no multiple of the 16 numbers a register holds, and rows no multiple of the 4 that are done at once.
const rows = 37;
const random2 = (shape: [number, number], name: string) => randomTensor<tf.Tensor2D>(shape, name);

describe('fusedOps', () => {
  before(async function () {
    await startEngine();
    if (capabilities().fusedOps) return;
    console.log('skipped: the fused operations are for TensorFlow on the processor');
    this.skip();
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  describe('norm', () => {
    const gain = () => randomTensor<tf.Tensor1D>([50], 'gain');
    const plain = (x: tf.Tensor, gain: tf.Tensor) => x.mul(x.square().mean(1, true).add(1e-6).rsqrt()).mul(gain);

    it('equals its definition in plain operations', () => {
      const x = random2([rows, 50], 'x');
      assertClose(fusedOps().norm(x, gain(), 1e-6), plain(x, gain()), 1e-6);
    });

    it('has the gradient of the tape, with the residual added', () => {
      const [x, dy, residual] = ['x', 'dy', 'residual'].map((name) => random2([rows, 50], name)) as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const wanted = tf
        .grad((x) => plain(x, gain()))(x, dy)
        .add(residual);
      assertClose(fusedOps().normGradient(dy, x, gain(), residual, 1e-6), wanted, 2e-6);
    });
  });

  describe('swiglu', () => {
    const plain = (both: tf.Tensor) => {
      const [gate, up] = tf.split(both, 2, 1) as [tf.Tensor, tf.Tensor];
      return gate.mul(gate.sigmoid()).mul(up);
    };

    it('equals silu(gate) up and has its gradient', () => {
      const both = random2([rows, 2 * 21], 'both').mul<tf.Tensor2D>(4);
      const dy = random2([rows, 21], 'dy');
      assertClose(fusedOps().swiglu(both), plain(both), 1e-5);
      const [dBoth, gated] = fusedOps().swigluGradient(dy, both);
      assertClose(dBoth, tf.grad(plain)(both, dy), 1e-5);
      assertClose(gated, plain(both), 1e-5);
    });

    it('stays finite where the sigmoid saturates, and lets what is not a number through', () => {
      const both = tf.tensor2d([[-1000, -90, 0, 90, 1000, NaN, 2, 2, 2, 2, 2, 2]], [1, 12]);
      const values = [...fusedOps().swiglu(both).dataSync()];
      assertClose(values.slice(0, 5), [0, 0, 0, 180, 2000], 1e-3);
      assert.ok(Number.isNaN(values[5]));
    });
  });

  describe('attention', () => {
    const [heads, kvHeads, headDim] = [6, 2, 10];
    const lengths = [1, 5, 16, 19];
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    const placesOf = (rows: number, isCausal: boolean) => ({
      cosines: tf.cos(tf.range(0, rows * 5).reshape<tf.Tensor2D>([rows, 5])),
      sines: tf.sin(tf.range(0, rows * 5).reshape<tf.Tensor2D>([rows, 5])),
      starts: tf.tensor1d([0, 1, 6, 22, 41], 'int32'),
      isCausal,
    });

    /** Text by text and head by head, with the mask written out. */
    function plain(qkv: tf.Tensor, { cosines, sines, isCausal }: ReturnType<typeof placesOf>): tf.Tensor {
      let start = 0;
      const texts = lengths.map((time) => {
        const head = (index: number) => qkv.slice([start, index * headDim], [time, headDim]);
        const turned = (x: tf.Tensor) => {
          const [left, right] = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor];
          const [cos, sin] = [cosines, sines].map((table) =>
            table.slice([table.shape[0] === tokens ? start : 0, 0], [time, headDim / 2]),
          ) as [tf.Tensor, tf.Tensor];
          return tf.concat([left.mul(cos).sub(right.mul(sin)), right.mul(cos).add(left.mul(sin))], 1);
        };
        const mask = tf.linalg
          .bandPart(tf.ones([time, time]), -1, 0)
          .sub(1)
          .mul(1e9);
        const attended = Array.from({ length: heads }, (_, index) => {
          const keyHead = Math.floor(index / (heads / kvHeads));
          const scores = tf.matMul(turned(head(index)), turned(head(heads + keyHead)), false, true);
          const seen = isCausal ? mask : 0;
          return tf.matMul(tf.softmax(scores.div(Math.sqrt(headDim)).add(seen)), head(heads + kvHeads + keyHead));
        });
        start += time;
        return tf.concat(attended, 1);
      });
      return tf.concat(texts, 0);
    }

    for (const [what, rows, isCausal] of [
      ['texts, whose places see those before them', 19, true],
      ['windows, whose places see each other and are turned by rows of their own', tokens, false],
    ] as const)
      it(`equals attention head by head of ${what}, and has its gradient`, () => {
        const places = placesOf(rows, isCausal);
        const qkv = random2([tokens, (heads + 2 * kvHeads) * headDim], 'qkv').mul<tf.Tensor2D>(2);
        const dy = random2([tokens, heads * headDim], 'dy');
        assertClose(fusedOps().attention(qkv, places, { heads, kvHeads }), plain(qkv, places), 1e-5);
        const gradient = fusedOps().attentionGradient(dy, qkv, places, { heads, kvHeads });
        const plainGradient = tf.grad((qkv) => plain(qkv, places))(qkv, dy);
        assertClose(gradient, plainGradient, 2e-5);
      });
  });

  describe('the low-rank products of three adapters side by side', () => {
    const widths = [40, 33, 70];
    const rank = 6;
    const lora = (): StackedLora => ({
      a: random2([3 * rank, 50], 'a'),
      b: random2([143, rank], 'b'),
      widths: tf.tensor1d(widths, 'int32'),
      scale: 1.5,
    });
    const rowDropout: RowDropout = { rate: 0.3, keys: Int32Array.from({ length: 2 * rows }, (_, i) => mixBits(i + 1)) };
    const numbers = [0, 7, 195]; // of the three adapters
    const dropout = () => ({
      rate: rowDropout.rate,
      rowKeys: tf.tensor2d(rowDropout.keys, [rows, 2], 'int32'),
      adapterKeys: tf.tensor2d(numbers.map(adapterKeys), [3, 2], 'int32'),
    });
    const noDropout = () => ({ ...dropout(), rate: 0, rowKeys: tf.tensor2d([], [0, 2], 'int32') });
    const x = () => random2([rows, 50], 'x');
    const inner = () => random2([rows, 3 * rank], 'inner');
    const dy = () => random2([rows, 143], 'dy');
    const partsOf = (whole: tf.Tensor2D, sizes: number[], axis: number) => tf.split(whole, sizes, axis);
    const innerParts = (whole: tf.Tensor2D) => partsOf(whole, [rank, rank, rank], 1);

    /** The mask of one adapter's input as the other engines apply it. */
    const mask = (adapter: number) => dropoutMask(rowDropout, 50, numbers[adapter]!);

    // The engines once had a mask of their own each: a run that went on elsewhere became another.
    it('drop bit for bit what the mask of the other engines drops', () => {
      const same = { ...lora(), a: tf.concat([0, 1, 2].map(() => tf.eye(50))), scale: 1 };
      const masks = fusedOps().lowRankIn(tf.ones([rows, 50]), same, dropout());
      const wanted = tf.concat([mask(0), mask(1), mask(2)], 1);
      assert.deepEqual(masks.dataSync(), wanted.dataSync());
    });

    it('refuse masks without a key for every row', () => {
      const short = { ...dropout(), rowKeys: tf.zeros<tf.Rank.R2>([rows - 1, 2], 'int32') };
      assert.throws(() => fusedOps().lowRankIn(x(), lora(), short), /row_keys must hold two numbers a row/);
    });

    it('go in: scale x Aᵀ, each after its own mask', () => {
      const { a } = lora();
      assertClose(fusedOps().lowRankIn(x(), lora(), noDropout()), tf.matMul(x(), a, false, true).mul(1.5), 1e-5);
      const masked = partsOf(a, [rank, rank, rank], 0).map((a, index) =>
        tf.matMul(x().mul<tf.Tensor2D>(mask(index)), a, false, true).mul<tf.Tensor2D>(1.5),
      );
      assertClose(fusedOps().lowRankIn(x(), lora(), dropout()), tf.concat(masked, 1), 1e-5);
    });

    it('give the gradient of x: dInner A under the same masks, added in place', () => {
      for (const [masks, maskOf] of [
        [noDropout(), () => tf.ones([rows, 50])],
        [dropout(), mask],
      ] as const) {
        const parts = partsOf(lora().a, [rank, rank, rank], 0).map((a, index) =>
          tf.matMul(innerParts(inner())[index]!, a).mul(maskOf(index)),
        );
        const into = x().add<tf.Tensor2D>(0);
        into.dataSync();
        fusedOps().addLowRankInGradient(into, inner(), lora(), masks);
        assertClose(into, tf.addN([x(), ...parts]), 1e-5);
      }
    });

    it('go out: inner Bᵀ of each to its columns, with bias and residual, added in place', () => {
      const { b } = lora();
      const [bias, residual] = [randomTensor([143], 'bias'), random2([rows, 143], 'residual')];
      const product = partsOf(b, widths, 0).map((b, index) => tf.matMul(innerParts(inner())[index]!, b, false, true));
      const y = dy().add<tf.Tensor2D>(0);
      y.dataSync();
      fusedOps().addLowRankOut(y, inner(), lora(), bias, residual);
      assertClose(y, dy().add(tf.concat(product, 1)).add(bias).add(residual), 1e-5);
    });

    it('have the gradients of both matrices and of what lies between them', () => {
      const { b } = lora();
      const dyParts = partsOf(dy(), widths, 1);
      const between = partsOf(b, widths, 0).map((b, index) => tf.matMul(dyParts[index]!, b).mul<tf.Tensor2D>(1.5));
      assertClose(fusedOps().lowRankOutGradient(dy(), lora()), tf.concat(between, 1), 1e-5);
      const ofB = dyParts.map((dy, index) => tf.matMul(dy, innerParts(inner())[index]!, true));
      assertClose(fusedOps().gradientOfB(dy(), inner(), lora()), tf.concat(ofB, 0), 1e-5);
      const ofA = innerParts(inner()).map((inner, index) => tf.matMul(inner, x().mul<tf.Tensor2D>(mask(index)), true));
      assertClose(fusedOps().gradientOfA(inner(), x(), dropout()), tf.concat(ofA, 0), 1e-5);
      assertClose(fusedOps().gradientOfA(inner(), x(), noDropout()), tf.matMul(inner(), x(), true), 1e-5);
    });
  });

  it('casts every bfloat16 number to the float32 of the same bits', () => {
    const native = nativeBackend();
    if (!native.multiplies('bfloat16')) return;
    // 1, -2.5, the largest, a subnormal, infinity, and below them a second matrix: 0, -0, 3, 0.5, -1
    const bits = [0x3f80, 0xc020, 0x7f7f, 0x0001, 0x7f80, 0x0000, 0x8000, 0x4040, 0x3f00, 0xbf80];
    const [first, second] = [bits.slice(0, 5), bits.slice(5)].map((row) =>
      native.uploadHalf(new Uint8Array(Uint16Array.from(row).buffer), [1, 5], 'BF16', 'bfloat16'),
    ) as [RawTensor, RawTensor];
    const wide = native.castToFloat32([first, second]);
    assert.deepEqual(wide.shape, [2, 5]);
    const found = [...new Uint32Array(Float32Array.from(wide.dataSync()).buffer)];
    assert.deepEqual(
      found,
      bits.map((half) => (half << 16) >>> 0),
    );
    native.release(first);
    native.release(second);
  });
});
