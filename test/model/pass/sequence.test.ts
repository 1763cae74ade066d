import assert from 'node:assert/strict';
import { startEngine } from '../../../model/engine/startEngine.js';
import { disposeModel, type Model } from '../../../model/layer/decoder.js';
import { loadModel } from '../../../model/load/loadModel.js';
import { encodeChunk } from '../../../model/pass/encodeChunk.js';
import {
  inputRows,
  lengthOfAll,
  longestOf,
  paddedTo,
  turnsOf,
  type MixedSequence,
  type Sequence,
  type Positions,
} from '../../../model/pass/sequence.js';
import { tf } from '../../../model/engine/tf.js';
import { assertClose, tensorsAlive } from '../../assertions.js';
import { pretendCard } from '../../gpu/worker/pretendCard.js';
import { tinyQwen2, tinyTexts } from '../../fixtures/tinyQwen2.js';

const hidden = 16;
const idOfNoToken = 1_000_000;

describe('sequence.ts', () => {
  let model: Model;
  before(async () => {
    await startEngine();
    model = await loadModel(tinyQwen2.path('sharded'), 'float32');
  });
  after(() => disposeModel(model));

  /** A text, the embeddings of some of whose tokens come as rows. */
  function withRows(ids: Int32Array, from: number, to: number): MixedSequence {
    const values = model.embedding.rows(ids.subarray(from, to));
    return { ids: Int32Array.from(ids).fill(idOfNoToken, from, to), inserted: [{ at: from, values }] };
  }
  const embed = (texts: Parameters<typeof encodeChunk>[1]): number[] => {
    const embeddings = encodeChunk(model, texts);
    const values = [...embeddings.dataSync<'float32'>()];
    embeddings.dispose();
    return values;
  };

  it('embeds rows in the place of tokens as it does the tokens, beside longer and shorter texts', () => {
    const texts = tinyTexts.filter(({ length }) => length >= 3);
    assert.ok(longestOf(texts) > Math.min(...texts.map(({ length }) => length)), 'one must be padded');
    const mixed = texts.map((ids, row) => (row % 2 ? ids : withRows(ids, 1, 3)));
    assert.deepEqual(embed(mixed), embed(texts));
    assert.equal(lengthOfAll(mixed), lengthOfAll(texts));
  });

  it('puts rows where they belong, and pads with the last token', () => {
    const ids = Int32Array.of(3, idOfNoToken, idOfNoToken, 4);
    const values = Float32Array.from({ length: 2 * hidden }, (_, index) => index);
    const before = tensorsAlive();
    const rows = inputRows(model, [Int32Array.of(5), paddedTo({ ids, inserted: [{ at: 1, values }] }, 6, { hidden })]);
    const tokens = model.embedding.rows(Int32Array.of(5, 3, 4));
    const token = (row: number) => tokens.subarray(row * hidden, (row + 1) * hidden);
    const wanted = [...token(0), ...token(1), ...values, ...token(2), ...token(2), ...token(2)];
    assert.deepEqual(rows.shape, [7, hidden]);
    assert.deepEqual([...rows.dataSync()], wanted);
    rows.dispose();
    assert.deepEqual(tensorsAlive(), before);
  });

  it('puts rows where they belong where the embedding table is on a card', async function () {
    if ((await startEngine()).name !== 'tensorflow') this.skip();
    const undo = pretendCard();
    const onCard = await loadModel(tinyQwen2.path('sharded'), 'float32');
    undo();
    const values = Float32Array.from({ length: 2 * hidden }, (_, index) => index);
    const sequences = [
      Int32Array.of(5),
      { ids: Int32Array.of(idOfNoToken, idOfNoToken, 4), inserted: [{ at: 0, values }] },
      { ids: Int32Array.of(3, idOfNoToken, idOfNoToken), inserted: [{ at: 1, values }] },
    ];
    const before = tensorsAlive();
    const [rows, wanted] = [inputRows(onCard, sequences), inputRows(model, sequences)];
    assert.deepEqual([rows.shape, rows.dataSync()], [wanted.shape, wanted.dataSync()]);
    rows.dispose();
    wanted.dispose();
    assert.deepEqual(tensorsAlive(), before);
    disposeModel(onCard);
  });

  // On engines that pad, its last id was looked up, which is that of no token.
  it('pads one that ends with rows by a token of the table', () => {
    const ids = Int32Array.of(3, idOfNoToken);
    const sequence = { ids, inserted: [{ at: 1, values: new Float32Array(hidden) }] };
    const padded = paddedTo(sequence, 3, { hidden }) as MixedSequence;
    assert.deepEqual([...padded.ids], [3, idOfNoToken, 0]);
    inputRows(model, [padded]).dispose();
  });

  it('refuses rows that reach beyond the sequence or are of another width', () => {
    const two = { at: 3, values: new Float32Array(2 * hidden) };
    const odd = { at: 0, values: new Float32Array(hidden + 1) };
    for (const rows of [two, odd])
      assert.throws(() => inputRows(model, [{ ids: new Int32Array(4), inserted: [rows] }]), /do not fit/);
  });

  it('turns a sequence by its own positions, beside others that count on, and padded ones too', () => {
    const sections = [1, 0, 1] as const; // of the two frequencies of this model's heads
    const mixed: MixedSequence = {
      ids: Int32Array.of(1, 2),
      inserted: [],
      positions: [Int32Array.of(0, 5), Int32Array.of(1, 6), Int32Array.of(2, 7)],
    };
    const { ropeTheta } = model.config;
    const { cos, sin } = turnsOf({ ...model, sections }, [Int32Array.of(3), paddedTo(mixed, 3, { hidden })]);
    const rows = [
      [0, 0],
      [0, 2],
      [5, 7],
      [5, 7],
    ];
    const angles = rows.flatMap((row) => row.map((position, pair) => position / ropeTheta ** (pair / 2)));
    assert.deepEqual(cos.shape, [4, 2]);
    assertClose(cos, angles.map(Math.cos), 1e-6);
    assertClose(sin, angles.map(Math.sin), 1e-6);
    tf.dispose([cos, sin]);
  });

  // Tables with a row for each place were read from the first row again for each text.
  it('embeds one with positions of its own as it does alone, whatever stands beside it', () => {
    const turned = { ...model, sections: [1, 0, 1] as const };
    const ids = tinyTexts.find(({ length }) => length >= 4)!;
    const positions = [0, 1, 2].map((axis) => ids.map((_, place) => place * (axis + 1))) as Positions;
    const mixed: MixedSequence = { ids, inserted: [], positions };
    const values = (texts: readonly Sequence[]) => {
      const embeddings = encodeChunk(turned, texts);
      const rows = [...embeddings.dataSync<'float32'>()];
      embeddings.dispose();
      return rows;
    };
    const alone = values([mixed]);
    assert.ok(largest(alone, values([ids])) > 1e-4, 'positions must matter');
    const beside = values([tinyTexts[0]!, mixed, tinyTexts[1]!, mixed]);
    assertClose(beside.slice(hidden, 2 * hidden), alone, 1e-6);
    assertClose(beside.slice(3 * hidden), alone, 1e-6);
    assertClose(beside.slice(0, hidden), values([tinyTexts[0]!]), 1e-6);
    const counted = [0, 1, 2].map(() => ids.map((_, place) => place)) as Positions;
    assertClose(values([tinyTexts[0]!, { ids, inserted: [], positions: counted }]).slice(hidden), values([ids]), 1e-6);
  });
});

const largest = (left: number[], right: number[]) => Math.max(...left.map((value, at) => Math.abs(value - right[at]!)));
