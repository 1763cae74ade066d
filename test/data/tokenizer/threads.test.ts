import assert from 'node:assert/strict';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type { Contract } from '../../../configs/contract.js';
import { UserError } from '../../../configs/userError.js';
import { loadTokenizer } from '../../../data/tokenizer/tokenizer.js';
import { startTokenizerThreads } from '../../../data/tokenizer/threads.js';
import { tokenizeText } from '../../../data/tokenizer/tokenizeText.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { tiny, writeTinyTokenizer } from '../../fixtures/writeTinyTokenizer.js';

const contract: Contract = {
  tokenizer: '',
  queryPrefix: 'Query:',
  passagePrefix: 'Passage:',
  titleRule: 'title-blank-text',
  bosId: tiny.begin,
  eosId: tiny.end,
  queryMaxLength: 12,
  passageMaxLength: 20,
  pooling: 'last',
  normalize: true,
  precision: 'float32',
  temperature: 0.01,
};
const texts = ['hello', ' who is it? ', '', 'é', 'a very long text that is cut'].map((text) => ({
  text,
  title: 'Title',
}));

/** More than a thread can do before it is stopped. */
const endless = Array.from({ length: 50_000 }, () => texts).flat();

describe('startTokenizerThreads', () => {
  const at = useTemporaryFolder();
  beforeEach(() => writeTinyTokenizer(at()));

  it('gives the ids that this thread would give, in order, whatever the number of threads', async () => {
    const tokenizer = await loadTokenizer(at());
    const passages = texts.map(({ text, title }) => tokenizeText(tokenizer, contract, 'passage', text, title));
    const queries = texts.map(({ text }) => tokenizeText(tokenizer, contract, 'query', text));
    for (const count of [1, 2]) {
      const threads = await startTokenizerThreads(at(), contract, count);
      const asked = [
        threads.tokenize('passage', texts),
        threads.tokenize('query', texts),
        threads.tokenize('query', []),
      ];
      assert.deepEqual(await Promise.all(asked), [passages, queries, []]);
      await threads.close();
    }
  });

  it('shares the tables of a tokenizer in the form of Qwen2, and keeps the order over many messages', async () => {
    const folder = fileURLToPath(new URL('../../../configs/bases/demo', import.meta.url));
    const tokenizer = await loadTokenizer(folder);
    const many = Array.from({ length: 2000 }, (_, index) => ({ text: `text ${index} ${'word '.repeat(index % 9)}` }));
    const expected = many.map(({ text }) => tokenizeText(tokenizer, contract, 'passage', text));
    for (const given of [tokenizer, undefined]) {
      const threads = await startTokenizerThreads(folder, contract, 2, given);
      assert.deepEqual(await threads.tokenize('passage', many), expected);
      await threads.close();
    }
  });

  it('passes a user error of a thread on as one', async () => {
    await assert.rejects(startTokenizerThreads(at('absent'), contract, 2), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /absent\/tokenizer\.json: it does not exist/);
      return true;
    });
  });

  it('rejects the one call that fails, and goes on', async () => {
    const threads = await startTokenizerThreads(at(), contract, 1);
    const broken = { text: null as unknown as string };
    await assert.rejects(threads.tokenize('query', [broken]), /of null/);
    assert.deepEqual((await threads.tokenize('query', [{ text: 'a' }]))[0]!.at(-1), tiny.end);
    await threads.close();
  });

  it('rejects work under way when it is closed, and later work too', async () => {
    const threads = await startTokenizerThreads(at(), contract, 1);
    const pending = threads.tokenize('query', endless);
    const closed = threads.close();
    await assert.rejects(pending, /threads are closed/);
    await closed;
    await assert.rejects(threads.tokenize('query', texts), /threads are closed/);
  });

  it('rejects work under way, rather than waiting for ever, when a thread ends by itself', async () => {
    const { started, result: threads } = await captureWorkers(() => startTokenizerThreads(at(), contract, 1));
    const pending = threads.tokenize('query', endless);
    await started[0]!.terminate();
    await assert.rejects(pending, /a tokenizer thread ended with code 1/);
    await assert.rejects(threads.tokenize('query', texts), /ended with code 1/);
    await threads.close();
  });
});

/** Runs `work` and lists the worker threads that it starts. */
async function captureWorkers<T>(work: () => Promise<T>): Promise<{ started: Worker[]; result: T }> {
  const library = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };
  const original = library.Worker;
  const started: Worker[] = [];
  library.Worker = class extends original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      started.push(this);
    }
  };
  syncBuiltinESMExports();
  try {
    return { started, result: await work() };
  } finally {
    library.Worker = original;
    syncBuiltinESMExports();
  }
}
