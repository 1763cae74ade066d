import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contract } from '../../../configs/contract.js';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { openExamples, type ExampleFile } from '../../../data/arrow/openExamples.js';
import type { Example } from '../../../data/example/example.js';
import { fileIdentity } from '../../../data/files/fileIdentity.js';
import { buildTokenCache } from '../../../data/tokenCache/buildTokenCache.js';
import { openTokenCache, type TokenCache } from '../../../data/tokenCache/openTokenCache.js';
import { removeStaleTokens } from '../../../data/tokenCache/staleTokens.js';
import { tokenCachePlace } from '../../../data/tokenCache/tokenCachePlace.js';
import { packRecord, unpackRecord } from '../../../data/tokenCache/tokenRecord.js';
import type { TokenizerThreads } from '../../../data/tokenizer/threads.js';
import { tokenPools } from '../../../data/stream/tokenPools.js';
import { poolsOf } from '../../../train/loop/pools.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

const contract = { tokenizer: 't', queryPrefix: 'Q', queryMaxLength: 8, precision: 'float32' } as Contract;
/** A token for each byte, the kind before it. Counts the texts it was given. */
function byteTokenizer() {
  const given = { texts: 0 };
  const threads: Pick<TokenizerThreads, 'tokenize'> = {
    async tokenize(kind, texts) {
      given.texts += texts.length;
      return texts.map(({ title = '', text }) => Int32Array.of(kind === 'query' ? 1 : 2, ...Buffer.from(title + text)));
    },
  };
  return { given, threads };
}
const passage = (id: string) => ({ id, title: `T${id}`, text: `text ${id}` });
const example = (row: number): Example => ({
  id: `${row}`,
  query: `query ${row}`,
  positives: [passage(`p${row}`), passage(`o${row}`)],
  negatives: ['a', 'b', 'c'].slice(0, 1 + (row % 3)).map((name) => passage(`${name}${row % 5}`)),
});

describe('the kept tokens of a training file', () => {
  const at = useTemporaryFolder();
  let file: ExampleFile;
  let identity: string;
  const place = () => tokenCachePlace(identity, contract, at('tokens'));
  const opened = async () => (await openTokenCache(place())) as TokenCache;

  beforeEach(async () => {
    const writer = await createExampleWriter(at('x.arrow'), { rowsPerBatch: 7 });
    for (let row = 0; row < 40; row++) await writer.write(example(row));
    await writer.close();
    file = await openExamples(at('x.arrow'));
    identity = await fileIdentity(at('x.arrow'));
  });
  afterEach(() => file.close());

  it('give back the tokens of every text, in any order of the rows', async () => {
    const done: number[] = [];
    const facts = await buildTokenCache(file, identity, place(), byteTokenizer().threads, (rows) => done.push(rows));
    assert.deepEqual(done, [7, 14, 21, 28, 35, 40]);
    assert.equal(facts!.texts, 40 * 3 + 14 * 1 + 13 * 2 + 13 * 3);
    const cache = await opened();
    for (const row of [39, 0, 8]) {
      const { query, positives, negatives } = example(row);
      const texts = [...positives, ...negatives].map(({ title, text }) => [2, ...Buffer.from(title + text)]);
      assert.deepEqual(
        (await cache.read(row))!.map((ids) => [...ids]),
        [[1, ...Buffer.from(query)], ...texts],
      );
    }
    await cache.close();
  });

  it('make the same pools as tokenizing does, without a text being tokenized', async () => {
    await buildTokenCache(file, identity, place(), byteTokenizer().threads);
    const cache = await opened();
    const settings = parseConfig({ training: { queriesPerPool: 6, passagesPerQuery: 4, shuffleWindow: 10 } });
    const pools = async (caches: TokenCache[]) => {
      const { threads, given } = byteTokenizer();
      const taken = [];
      for await (const pool of tokenPools(poolsOf([file], settings, undefined), threads, 0, caches)) {
        taken.push(pool);
        if (taken.length === 20) break; // three epochs
      }
      return { taken, texts: given.texts };
    };
    const [without, withIt] = [await pools([]), await pools([cache])];
    assert.deepEqual(withIt.taken, without.taken);
    assert.ok(without.texts > 0);
    assert.equal(withIt.texts, 0);
    await cache.close();
  });

  it('go on where a stopped call ended, to the same bytes', async () => {
    const whole = tokenCachePlace(identity, contract, at('whole'));
    await buildTokenCache(file, identity, whole, byteTokenizer().threads);
    const stop = new AbortController();
    const first = byteTokenizer();
    const stopped = await buildTokenCache(
      file,
      identity,
      place(),
      first.threads,
      (rows) => rows === 14 && stop.abort(),
      stop.signal,
    );
    assert.equal(stopped, null);
    assert.equal(await openTokenCache(place()), undefined);
    const done: number[] = [];
    const second = byteTokenizer();
    await buildTokenCache(file, identity, place(), second.threads, (rows) => done.push(rows));
    assert.equal(done[0], 21);
    for (const name of ['rows', 'tokens'])
      assert.ok(readFileSync(join(place().folder, name)).equals(readFileSync(join(whole.folder, name))), name);
  });

  it('go on after a kill that left more than was saved', async () => {
    const partial = `${place().folder}.building`;
    const stop = new AbortController();
    await buildTokenCache(file, identity, place(), byteTokenizer().threads, () => stop.abort(), stop.signal);
    writeFileSync(join(partial, 'tokens'), 'half a record', { flag: 'a' });
    writeFileSync(join(partial, 'rows'), 'xyz', { flag: 'a' });
    await buildTokenCache(file, identity, place(), byteTokenizer().threads);
    const cache = await opened();
    for (let row = 0; row < 40; row++) assert.ok(await cache.read(row), `row ${row}`);
    await cache.close();
    assert.ok(!existsSync(partial));
  });

  it('are known to be cut short or damaged', async () => {
    await buildTokenCache(file, identity, place(), byteTokenizer().threads);
    const tokens = join(place().folder, 'tokens');
    const bytes = readFileSync(tokens);
    bytes[bytes.length - 1]! ^= 1; // the last row
    writeFileSync(tokens, bytes);
    let told = 0;
    const cache = (await openTokenCache(place(), () => told++)) as TokenCache;
    assert.ok(await cache.read(3));
    assert.equal(await cache.read(39), undefined);
    assert.equal(await cache.read(3), undefined);
    await cache.close();
    assert.equal(told, 1);
    assert.equal(await openTokenCache(place()), undefined); // made anew when it is asked for

    await buildTokenCache(file, identity, place(), byteTokenizer().threads);
    truncateSync(tokens, bytes.length - 4);
    assert.equal(await openTokenCache(place()), 'damaged');
  });

  // The cut file of another cache ended every `tokenize` in a stack.
  it('of a file that changed are removed, whatever lies beside them', async () => {
    await buildTokenCache(file, identity, place(), byteTokenizer().threads);
    mkdirSync(at('tokens/cut'));
    writeFileSync(at('tokens/cut/about.json'), '{"file":');
    mkdirSync(at('tokens/null'));
    writeFileSync(at('tokens/null/about.json'), 'null');
    assert.equal(await removeStaleTokens(at('x.arrow'), identity, at('tokens')), 0);
    assert.equal(await removeStaleTokens(at('x.arrow'), 'another', at('tokens')), 1);
    assert.deepEqual(readdirSync(at('tokens')).sort(), ['cut', 'null']);
  });

  it('go on from the beginning when what says how far they came is cut short', async () => {
    mkdirSync(`${place().folder}.building`, { recursive: true });
    writeFileSync(`${place().folder}.building/progress.json`, '{"batches":');
    assert.equal((await buildTokenCache(file, identity, place(), byteTokenizer().threads))!.rows, 40);
  });

  it('are those of the file and of what decides its tokens', () => {
    const folder = (of: string, rules: Contract) => tokenCachePlace(of, rules, 'x').folder;
    const own = folder('f', contract);
    assert.equal(folder('f', { ...contract, precision: 'bfloat16', temperature: 3, pooling: 'last' }), own);
    assert.notEqual(folder('g', contract), own);
    assert.notEqual(folder('f', { ...contract, tokenizer: 'other' }), own);
    assert.notEqual(folder('f', { ...contract, queryMaxLength: 9 }), own);
    assert.notEqual(folder('f', { ...contract, querySuffix: '?' }), own);
  });
});

describe('unpackRecord', () => {
  const texts = [Int32Array.of(1, 2), Int32Array.of(), Int32Array.of(-3)];

  it('gives back what was packed', () => {
    assert.deepEqual(unpackRecord(packRecord(texts)), texts);
    assert.deepEqual(unpackRecord(packRecord([])), []);
  });

  it('notices a change of any word', () => {
    for (let word = 0; word < packRecord(texts).length; word++) {
      const record = packRecord(texts);
      record[word]! ^= 64;
      assert.equal(unpackRecord(record), undefined, `word ${word}`);
    }
    assert.equal(unpackRecord(new Int32Array(0)), undefined);
  });
});
