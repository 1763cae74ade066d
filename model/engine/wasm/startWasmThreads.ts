import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { heldStreams } from '../../../configs/cli/libraryOutput.js';
import { tf } from '../tf.js';
import { heldPrinting } from './holdPrinting.js';

const require = createRequire(import.meta.url);
const script = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd';
const patienceMs = 10_000;

/** What Emscripten makes of the C++ code: its functions, and the threads that run it. */
interface ThreadedModule {
  cwrap(name: string, returns: string | null, parameters: string[]): unknown;
  PThread: { runningWorkers: Worker[]; unusedWorkers: Worker[] };
  tfjs?: Record<string, unknown>;
}
type Factory = (settings: object) => Promise<ThreadedModule>;

/**
 * Start the backend `wasm` with threads for its matrix products and operations by element. tfjs-backend-wasm 4.22 does
 * not offer them under Node.js (tfjs issue 3830), where its way of starting a worker fails, so its module is built here.
 * The threads do not keep the process alive.
 * @param threads  from 2 to 8; the module itself takes no more than half of the logical processors
 * @returns        whether they run; if not, the backend is as it was before
 */
export async function startWasmThreads(threads: number): Promise<boolean> {
  const before = tf.findBackendFactory('wasm');
  const workers: Worker[] = [];
  const started = await buildModule(workers).then(
    (module) => {
      setThreadsCount(threads);
      replaceBackend(() => new BackendWasm(module as never));
      return tf.setBackend('wasm');
    },
    () => false,
  );
  if (started) {
    const module = (tf.backend() as unknown as { wasm: ThreadedModule }).wasm;
    for (const worker of module.PThread.runningWorkers) worker.unref();
    for (const worker of module.PThread.unusedWorkers.splice(0)) void worker.terminate();
  } else {
    for (const worker of workers) void worker.terminate();
    replaceBackend(before);
  }
  return started;
}

function replaceBackend(factory: Parameters<typeof tf.registerBackend>[1]): void {
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory);
}

/** @param workers  is given every worker that is started, also when it fails */
async function buildModule(workers: Worker[]): Promise<ThreadedModule> {
  let timer: NodeJS.Timeout | undefined;
  const module = await new Promise<ThreadedModule>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the threads of WebAssembly do not start')), patienceMs);
    withWorkers(workerClass(workers, reject), () => void callFactory().then(resolve, reject));
  }).finally(() => clearTimeout(timer));
  // The functions that the backend looks for, as its own `init` names them.
  module.tfjs = {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
  return module;
}

function callFactory(): Promise<ThreadedModule> {
  const file = require.resolve(`${script}.js`);
  const binary = require.resolve(`${script}.wasm`);
  return (require(file) as Factory)({
    ...heldPrinting,
    mainScriptUrlOrBlob: file,
    locateFile: (name: string) => (name.endsWith('.wasm') ? binary : name),
  });
}

/** Workers that run the script of the package, which it gives as text, and nothing that this process was started with. */
function workerClass(workers: Worker[], onError: (error: Error) => void): typeof Worker {
  const { wasmWorkerContents } = require(`${script}.worker.js`) as { wasmWorkerContents: string };
  const contents = wasmWorkerContents.replaceAll('\n', '\\n'); // a line break in it stands for an escape
  // What a thread prints would go to the process's own descriptors; this message lets the module print it.
  const told = `require('node:worker_threads').parentPort.postMessage({ cmd: 'printErr', text })`;
  const source = `require('node:fs').writeSync = (_, text) => ${told}; ${contents}`;
  return class extends Worker {
    constructor() {
      super(source, { eval: true, execArgv: [], ...heldStreams });
      workers.push(this);
    }
    override on(event: string, listener: (value: never) => void): this {
      return super.on(event, event === 'error' ? onError : (listener as () => void));
    }
  };
}

/** The module takes the class from `worker_threads` and leaves it in the global scope; both are put back. */
function withWorkers(workers: typeof Worker, work: () => void): void {
  const threads = require('node:worker_threads') as { Worker: unknown };
  const scope = globalThis as { Worker?: unknown };
  const before = { threads: threads.Worker, scope: Object.getOwnPropertyDescriptor(scope, 'Worker') };
  threads.Worker = workers;
  try {
    work();
  } finally {
    threads.Worker = before.threads;
    if (before.scope) Object.defineProperty(scope, 'Worker', before.scope);
    else delete scope.Worker;
  }
}
