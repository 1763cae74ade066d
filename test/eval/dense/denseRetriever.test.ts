import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
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
      async encode(_, texts) {
        for (const { text } of texts) {
          if (text === failAt) throw new Error('killed');
          encoded.push(text);
        }
        return Float32Array.from(texts.flatMap(({ text }) => [text.length, text.charCodeAt(0) + 0.1]));
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
  const vectorFiles = () =>
    readdirSync(place('kept')).map((folder) => readdirSync(join(place('kept'), folder)).length - 1);

  it('ranks passages by inner product, over all shards', async () => {
    // The letter counts most, z's code is above 100; then the length.
    assert.deepEqual(await retrieve(fakeEncoder().encoder), ['id-ffff', 'id-e', 'id-d']);
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

  it('goes on at the first missing shard after an interruption', async () => {
    await assert.rejects(retrieve(fakeEncoder('one', 'd').encoder), /killed/);
    const { encoder, encoded } = fakeEncoder();
    assert.deepEqual(await retrieve(encoder), ['id-ffff', 'id-e', 'id-d']);
    assert.deepEqual(encoded, ['cc', 'd', 'ffff', 'e']);
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
    const [folder] = readdirSync(place('kept'));
    const file = readdirSync(join(place('kept'), folder!)).find((name) => name.startsWith('passage'))!;
    rmSync(join(place('kept'), folder!, file));
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

  it('makes room below the limit by removing the least recently used model', async () => {
    const use = async (identity: string, usedSeconds: number) => {
      const before = new Set(readdirSync(place('kept')));
      await retrieve(fakeEncoder(identity).encoder);
      const folder = readdirSync(place('kept')).find((name) => !before.has(name))!;
      utimesSync(join(place('kept'), folder), usedSeconds, usedSeconds);
      return folder;
    };
    await retrieve(fakeEncoder('first').encoder);
    const [first] = readdirSync(place('kept'));
    utimesSync(join(place('kept'), first!), 3000, 3000);
    const second = await use('second', 2000);
    assert.deepEqual(vectorFiles(), [4, 4]);
    // A model has 7 embeddings of 2 numbers, 56 bytes, and its about.json: there is room for two of them.
    const each = 56 + statSync(join(place('kept'), first!, 'about.json')).size;
    await retrieve(fakeEncoder('third').encoder, { cacheBytes: 2 * each });
    const left = readdirSync(place('kept'));
    assert.ok(left.includes(first!) && !left.includes(second), left.join());
    assert.equal(left.length, 2);
  });
});
