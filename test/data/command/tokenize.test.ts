import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { createExampleWriter } from '../../../data/arrow/writeExamples.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { writeTinyTokenizer } from '../../fixtures/writeTinyTokenizer.js';
import { runCommand } from '../../runCommand.js';

describe('npm run data -- tokenize', function () {
  this.timeout(60_000);
  const at = useTemporaryFolder();
  const cache = () => at('data/cache/tokens');
  const tokenize = () => runCommand('data/command.ts', ['tokenize', 'train.arrow', '--base', 'base', '--json'], at(''));
  const kept = () => {
    const [folder, ...others] = readdirSync(cache());
    assert.deepEqual(others, []);
    return join(cache(), folder!);
  };

  async function writeQueries(...queries: string[]): Promise<void> {
    const writer = await createExampleWriter(at('train.arrow'), { rowsPerBatch: 8 });
    for (const query of queries)
      await writer.write({ id: query, query, positives: [{ id: 'p', title: '', text: 'abcd' }], negatives: [] });
    await writer.close();
  }

  async function factsOf({ code, output, errors }: Awaited<ReturnType<typeof runCommand>>) {
    assert.equal(code, 0, errors);
    const { files } = JSON.parse(output) as {
      files: { rows: number; texts: number; tokens: number; folder: string }[];
    };
    const { rows, texts, tokens, folder } = files[0]!;
    assert.equal(at(folder), kept());
    return { rows, texts, tokens };
  }

  beforeEach(async () => {
    writeTinyTokenizer(at('base'));
    await writeQueries('ab', 'abc');
  });

  it('keeps the tokens of a file once, and finds them at the next start', async () => {
    // One token a byte: `Query:ab`, `Query:abc` and twice `Passage: abcd`, each with EOS.
    const expected = { rows: 2, texts: 4, tokens: 9 + 10 + 2 * 14 };
    assert.deepEqual(await factsOf(await tokenize()), expected);
    const written = statSync(join(kept(), 'tokens')).mtimeMs;
    assert.deepEqual(await factsOf(await tokenize()), expected);
    assert.equal(statSync(join(kept(), 'tokens')).mtimeMs, written);
  });

  it('replaces the tokens of a file that changed', async () => {
    await tokenize();
    const before = kept();
    await writeQueries('ab', 'abc', 'abcd');
    const again = await tokenize();
    assert.match(again.errors, /train\.arrow changed since its tokens were kept; they are made anew/);
    assert.deepEqual(await factsOf(again), { rows: 3, texts: 6, tokens: 9 + 10 + 11 + 3 * 14 });
    assert.notEqual(kept(), before);
  });

  it('makes anew what was cut off', async () => {
    const expected = await factsOf(await tokenize());
    const file = join(kept(), 'tokens');
    const whole = readFileSync(file);
    truncateSync(file, whole.length - 1);
    const again = await tokenize();
    assert.match(again.errors, /the kept tokens of train\.arrow are damaged; they are made anew/);
    assert.deepEqual(await factsOf(again), expected);
    assert.ok(readFileSync(file).equals(whole));
  });
});
