// Entry of a worker thread. Threads start without the loader that reads TypeScript: `--import tsx` reaches them from
// Node 22 on, in Node 20 only a loader that the thread registers itself does.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

// Where the library is needed it comes first: read through that loader it takes 0.5 s longer.
if (workerData.tables === null) await import('@huggingface/transformers');
register();
await import('./thread.worker.ts');
