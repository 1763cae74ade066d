// Entry of a worker thread. Threads start without the loader that reads TypeScript: `--import tsx` reaches them from
// Node 22 on, in Node 20 only a loader that the thread registers itself does.
import { register } from 'tsx/esm/api';

register();
await import('./image.worker.ts');
