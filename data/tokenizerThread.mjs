// Entry of a worker thread. Threads start without the loader that reads TypeScript: `--import tsx` reaches them from
// Node 22 on, in Node 20 only a loader that the thread registers itself does.
// The library comes first: read through that loader it takes 0.5 s longer.
import '@huggingface/transformers';
import { register } from 'tsx/esm/api';

register();
await import('./tokenizerThread.worker.ts');
