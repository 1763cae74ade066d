import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { memoryCorpus } from '../../../data/task/corpus.js';
import { denseRetriever, type DenseOptions } from '../../../eval/dense/denseRetriever.js';
import type { Encoder } from '../../../eval/encoder/encoder.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { contract } from '../../checkpoints/examples.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

/** Embeds a text as its length and the code of its first letter; tells what it was given. */
function fakeEncoder(identity = 'one', failAt?: string): { encoder: Encoder; encoded: string[] } {
  const encoded: string[] = [];
  return {
    encoded,
    encoder: {
      name: 'fake',
      contract,
      dimensions: 2,
      identity: () => identity,
      async encode(_, texts, __, begun) {
        const { values, isDone } = begun ?? { values: new Float32Array(2 * texts.length), isDone: [] };
        for (const [row, { text }] of texts.entries()) {
          if (isDone[row]) continue;
          if (text === failAt) throw new Error('killed');
          encoded.push(text);
          values.set([text.length, text.charCodeAt(0) + 0.1], 2 * row);
          isDone[row] = 1;
        }
        return values;
      },
    },
  };
}

describe('denseRetriever', () => {
  const place = useTemporaryFolder();
  before(() => startEngine());
  const words = ['b', 'aaa', 'cc', 'd', 'ffff', 'e'];
  const corpus = memoryCorpus(
    words.map((text) => ({ id: `id-${text}`, title: '', text })),
    2,
  );
  const task = { corpus, queries: [{ id: 'q', text: 'z' }], qrels: new Map() };
  const retrieve = async (encoder: Encoder, options: DenseOptions = {}, asked = task) => {
    const run = await denseRetriever(encoder, { root: place('kept'), ...options }).retrieve(asked, 3);
    return run.get('q')!.map(({ id }) => id);
  };
  const folders = () =>
    readdirSync(place('kept'))
      .map((name) => place(`kept/${name}`))
      .filter((folder) => existsSync(join(folder, 'about.json')));
  const filesOf = (folder: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.vectors'))
      .map((name) => join(folder, name));
  const keptBytes = () =>
    folders()
      .flatMap(filesOf)
      .reduce((sum, file) => sum + statSync(file).size, 0);

  it('ranks passages by inner product, over all shards', async () => {
    // The letter counts most, z's code is above 100; then the length.
    assert.deepEqual(await retrieve(fakeEncoder().encoder), ['id-ffff', 'id-e', 'id-d']);
  });

  it('encodes and keeps many queries part by part', async () => {
    const queries = ['z', 'y', 'xx', 'w', 'v'].map((text) => ({ id: `q-${text}`, text }));
    const { encoder } = fakeEncoder();
    const counts: number[] = [];
    const counting: Encoder = {
      ...encoder,
      encode: (kind, texts) => (kind === 'query' && counts.push(texts.length), encoder.encode(kind, texts)),
    };
    const options = { root: place('kept') };
    const run = await denseRetriever(counting, { ...options, queriesTogether: 2 }).retrieve({ ...task, queries }, 3);
    assert.deepEqual(counts, [2, 2, 1]);
    assert.deepEqual(
      [...run],
      [...(await denseRetriever(encoder, { ...options, cacheBytes: 0 }).retrieve({ ...task, queries }, 3))],
    );
  });

  it('encodes nothing twice: not in a second task on the same corpus, nor after the ids changed', async () => {
    await retrieve(fakeEncoder().encoder);
    const { encoder, encoded } = fakeEncoder();
    assert.deepEqual(await retrieve(encoder), ['id-ffff', 'id-e', 'id-d']);
    assert.deepEqual(encoded, []);
    const renamed = memoryCorpus(
      words.map((text, row) => ({ id: String(row), title: '', text })),
      2,
    );
    const other = { ...task, corpus: renamed, queries: [{ id: 'q', text: 'y' }] };
    assert.deepEqual(await retrieve(encoder, {}, other), ['4', '5', '3']);
    assert.deepEqual(encoded, ['y']);
  });

  // A shard that was given up was lost as a whole: hours, with a large model.
  it('goes on at the first missing text after an interruption', async () => {
    await assert.rejects(retrieve(fakeEncoder('one', 'd').encoder), /killed/);
    const { encoder, encoded } = fakeEncoder();
    assert.deepEqual(await retrieve(encoder), ['id-ffff', 'id-e', 'id-d']);
    assert.deepEqual(encoded, ['d', 'ffff', 'e']);
    assert.deepEqual(
      readdirSync(folders()[0]!).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('makes a shard anew whose part is damaged or of another model', async () => {
    const part = () => {
      const [folder] = folders();
      return join(
        folder!,
        readdirSync(folder!).find((name) => name.endsWith('.part'))!,
      );
    };
    await assert.rejects(retrieve(fakeEncoder('one', 'd').encoder), /killed/);
    const bytes = readFileSync(part());
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(part(), bytes);
    const { encoder, encoded } = fakeEncoder();
    assert.deepEqual(await retrieve(encoder), ['id-ffff', 'id-e', 'id-d']);
    assert.deepEqual(encoded, ['cc', 'd', 'ffff', 'e']);
    await assert.rejects(retrieve(fakeEncoder('two', 'd').encoder), /killed/);
    const other = fakeEncoder('three');
    await retrieve(other.encoder);
    assert.equal(other.encoded.length, 7);
  });

  it('encodes again under another identity and in another format', async () => {
    await retrieve(fakeEncoder().encoder);
    const { encoder, encoded } = fakeEncoder('two');
    await retrieve(encoder);
    assert.equal(encoded.length, 7);
    await retrieve(encoder, { format: 'bfloat16' });
    assert.equal(encoded.length, 14);
  });

  it('encodes again what is cut short or gone', async () => {
    await retrieve(fakeEncoder().encoder);
    rmSync(filesOf(folders()[0]!).find((name) => name.includes('passage'))!);
    const { encoder, encoded } = fakeEncoder();
    await retrieve(encoder);
    assert.equal(encoded.length, 2);
  });

  it('gives the same scores from kept embeddings as from new ones, in every format', async () => {
    for (const format of ['float32', 'float16', 'bfloat16'] as const) {
      const retriever = denseRetriever(fakeEncoder().encoder, { root: place('kept'), format });
      const [fresh, kept] = [await retriever.retrieve(task, 6), await retriever.retrieve(task, 6)];
      assert.deepEqual([...kept], [...fresh]);
    }
  });

  it('keeps nothing where the limit says so', async () => {
    assert.deepEqual(await retrieve(fakeEncoder().encoder, { cacheBytes: 0 }), ['id-ffff', 'id-e', 'id-d']);
    const { encoder, encoded } = fakeEncoder();
    await retrieve(encoder, { cacheBytes: 0 });
    assert.equal(encoded.length, 7);
  });

  it('keeps within the limit, of its own model too, by removing what was used least recently', async () => {
    // The limit did not count what a model had kept of other corpora: one model alone could fill the disk.
    const other = memoryCorpus(
      words.map((text) => ({ id: text, title: 'other', text })),
      2,
    );
    await retrieve(fakeEncoder('one').encoder);
    for (const file of filesOf(folders()[0]!)) utimesSync(file, 1000, 1000);
    await retrieve(fakeEncoder('two').encoder);
    // A query of 8 bytes and three shards of 16, each with a hash of 32: 184 bytes. The same query serves both corpora.
    assert.equal(keptBytes(), 2 * 184);
    await retrieve(fakeEncoder('two').encoder, { cacheBytes: 2 * 184 - 1 }, { ...task, corpus: other });
    assert.equal(keptBytes(), 184 + 144);
    assert.equal(folders().length, 1);
    await retrieve(fakeEncoder('two').encoder, { cacheBytes: 184 + 50 });
    assert.equal(keptBytes(), 184 + 48);
  });

  it('says so when the limit is too small, and reads what is there all the same', async () => {
    await retrieve(fakeEncoder().encoder);
    const [file] = filesOf(folders()[0]!).filter((name) => name.includes('passage'));
    rmSync(file!);
    const told: string[] = [];
    const { encoder, encoded } = fakeEncoder();
    const options = { cacheBytes: 100, warn: (text: string) => told.push(text) };
    assert.deepEqual(await retrieve(encoder, options), ['id-ffff', 'id-e', 'id-d']);
    assert.equal(encoded.length, 2);
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^embeddings are not kept, .*take 1\.84e-7 GB, above the limit of 1\.00e-7 GB/);
  });

  it('encodes again what is of the right length but damaged', async () => {
    // Files half of zeros, as a loss of power leaves them, changed a ranking without a word.
    await retrieve(fakeEncoder().encoder);
    for (const file of filesOf(folders()[0]!)) {
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0, 4, 8));
    }
    const { encoder, encoded } = fakeEncoder();
    assert.deepEqual(await retrieve(encoder), ['id-ffff', 'id-e', 'id-d']);
    assert.equal(encoded.length, 7);
    const again = fakeEncoder();
    await retrieve(again.encoder);
    assert.deepEqual(again.encoded, []);
  });

  it('encodes again what is removed while it is in use', async () => {
    // The search failed.
    await retrieve(fakeEncoder().encoder);
    const { encoder, encoded } = fakeEncoder();
    const files = filesOf(folders()[0]!).filter((name) => name.includes('passage'));
    const retriever = denseRetriever(encoder, { root: place('kept') });
    // After the query and the first shard.
    const remove = (done: number) => done === 3 && files.forEach((file) => rmSync(file, { force: true }));
    const run = await retriever.retrieve(task, 3, remove);
    assert.deepEqual(
      run.get('q')!.map(({ id }) => id),
      ['id-ffff', 'id-e', 'id-d'],
    );
    assert.deepEqual(encoded, ['cc', 'd', 'ffff', 'e']);
  });

  it('shares the work between two that begin at the same time', async () => {
    // Both encoded everything. Of two shards each takes one: what is read ahead is not claimed yet.
    const halves = memoryCorpus(
      words.map((text) => ({ id: `id-${text}`, title: '', text })),
      3,
    );
    const asked = { ...task, corpus: halves };
    const [one, other] = [fakeEncoder(), fakeEncoder()];
    let second: Promise<string[]> | undefined;
    const begun = () => void (second ??= retrieve(slow(other.encoder), {}, asked));
    const results = [await retrieve(slow(one.encoder, begun), {}, asked), await second];
    for (const result of results) assert.deepEqual(result, ['id-ffff', 'id-e', 'id-d']);
    assert.deepEqual([...one.encoded, ...other.encoded].sort(), [...words, 'z'].sort());
    assert.equal(other.encoded.length, 3, 'the second had a share');
  });

  it('embeds beside another process what that one is not at, and waits for nothing', async () => {
    const [helped, helper] = [fakeEncoder(), fakeEncoder()];
    const retriever = denseRetriever(helper.encoder, { root: place('kept') });
    let second: Promise<void> | undefined;
    const beginning: Encoder = {
      ...helped.encoder,
      async encode(kind, texts, told, begun) {
        if (kind === 'passage') await (second ??= retriever.embed(task)); // it ends while this one holds a claim
        return helped.encoder.encode(kind, texts, told, begun);
      },
    };
    assert.deepEqual(await retrieve(beginning), ['id-ffff', 'id-e', 'id-d']);
    assert.deepEqual(
      [helped.encoded, helper.encoded],
      [
        ['z', 'b', 'aaa'],
        ['cc', 'd', 'ffff', 'e'],
      ],
    );
    await retriever.embed(task);
    await denseRetriever(helper.encoder, { root: place('kept'), cacheBytes: 0 }).embed(task);
    assert.equal(helper.encoded.length, 4, 'nothing is made twice, or where it cannot be kept');
  });

  it('goes on without keeping, and says so, when the disk takes no more', async () => {
    // The work of hours ended there.
    const told: string[] = [];
    const { encoder, encoded } = fakeEncoder();
    const breaking: Encoder = {
      ...encoder,
      async encode(kind, texts) {
        const [folder] = folders();
        if (folder !== undefined && kind === 'passage') {
          rmSync(folder, { recursive: true });
          writeFileSync(folder, 'in the way');
        }
        return encoder.encode(kind, texts);
      },
    };
    const found = await retrieve(breaking, { warn: (text) => told.push(text) });
    assert.deepEqual(found, ['id-ffff', 'id-e', 'id-d']);
    assert.equal(encoded.length, 7);
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^embeddings are not kept, .*cannot write/);
  });
});

/** Gives others their turn before it encodes. */
const slow = (encoder: Encoder, onFirst = () => {}): Encoder => ({
  ...encoder,
  async encode(kind, texts) {
    onFirst();
    await setTimeout(250);
    return encoder.encode(kind, texts);
  },
});
