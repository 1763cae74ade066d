import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const fileOf = (name: string) => JSON.stringify(new URL(`../../../../model/engine/${name}`, import.meta.url).href);

/** What a process of its own prints as JSON on a machine of so many processors, and how it ends. */
function runOn(processors: number, work: string, { before = '' } = {}) {
  const script = `import os from 'node:os';
    import { syncBuiltinESMExports } from 'node:module';
    import { Worker } from 'node:worker_threads';
    const [processor] = os.cpus();
    os.cpus = () => Array(${processors}).fill(processor);
    syncBuiltinESMExports();
    ${before}
    const { startWasm } = await import(${fileOf('wasm/startWasm.ts')});
    const { tf } = await import(${fileOf('tf.ts')});
    await startWasm();
    const { wasm } = tf.backend();
    const threads = wasm.tfjs.getThreadsCount();
    ${work}`;
  const flags = ['--import', 'tsx', '--input-type=module', '-e', script];
  const { stdout, stderr, status } = spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 30_000 });
  return { printed: stdout && (JSON.parse(stdout) as unknown), stderr, status };
}

describe('startWasm', () => {
  const printProduct = `const a = tf.range(0, 40 * 30).reshape([40, 30]), b = tf.range(0, 30 * 20).reshape([30, 20]);
    const values = tf.matMul(a, b).dataSync(); // its element 0 is the sum of 20 k² for k below 30
    console.log(JSON.stringify({ threads, first: values[0], backend: tf.getBackend() }));`;

  // A kernel that has no code for a type leaves its result unset, and a line on the screen was all that told it.
  it('keeps from the screen what kernels print, and takes it for the failure it is', () => {
    const exponential = `let error;
      try { tf.exp(tf.tensor1d([1, 0], 'bool')); } catch ({ message }) { error = message; }
      const { libraryOutput } = await import(${fileOf('../../configs/cli/libraryOutput.ts')});
      console.warn('ours');
      console.log(JSON.stringify({ error, kept: libraryOutput() }));`;
    for (const processors of [2, 4]) {
      const kept = 'Exp failed. Unknown dtype 2'; // as tfjs-backend-wasm numbers types
      const { printed, stderr } = runOn(processors, exponential);
      assert.deepEqual([printed, stderr], [{ error: `WebAssembly computed nothing: ${kept}`, kept }, 'ours\n']);
    }
  });

  it('uses half of the processors, four at most, and lets the process end', () => {
    for (const [processors, threads] of [
      [2, 1],
      [4, 2],
      [64, 4],
    ] as const) {
      const { printed, status } = runOn(processors, printProduct);
      assert.deepEqual([printed, status], [{ threads, first: 171_100, backend: 'wasm' }, 0]);
    }
  });

  it('gives the same bits with threads as without', () => {
    const work = `const { createHash } = await import('node:crypto');
      const a = tf.randomNormal([256, 384], 0, 1, 'float32', 1), b = tf.randomNormal([384, 256], 0, 1, 'float32', 2);
      const shares = tf.softmax(tf.matMul(a, b)).mul(tf.sigmoid(tf.matMul(a, b)));
      const hash = createHash('sha256').update(shares.dataSync()).digest('hex');
      console.log(JSON.stringify({ hash, threads }));`;
    const [alone, shared] = [2, 4].map((processors) => runOn(processors, work).printed as Record<string, unknown>);
    assert.deepEqual(shared, { hash: alone!['hash'], threads: 2 });
    assert.equal(alone!['threads'], 1);
  });

  it('runs without threads where they do not start', () => {
    const before = `const post = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (message, list) {
        if (message?.cmd === 'load') throw new Error('no threads here');
        post.call(this, message, list);
      };`;
    const { printed, status } = runOn(4, printProduct, { before });
    assert.deepEqual([printed, status], [{ threads: 1, first: 171_100, backend: 'wasm' }, 0]);
  });

  it('leaves the exit code and uncaught errors to the process', () => {
    for (const processors of [2, 4]) {
      assert.equal(runOn(processors, `process.exit(3);`).status, 3);
      const { status, stderr } = runOn(processors, `throw new Error('a fault of ours');`);
      assert.equal(status, 1);
      assert.ok(stderr.includes('a fault of ours') && stderr.length < 2000, stderr.slice(0, 500));
    }
  });

  it('shares the values of a clone with the original until both are freed', () => {
    const work = `const x = tf.tensor1d([1, 2]), copy = x.clone();
      const shared = copy.dataId === x.dataId;
      x.dispose();
      const values = [...copy.dataSync()];
      copy.dispose();
      console.log(JSON.stringify({ shared, values, kept: tf.backend().numDataIds() }));`;
    assert.deepEqual(runOn(2, work).printed, { shared: true, values: [1, 2], kept: 0 });
  });
});
