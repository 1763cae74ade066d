// Entry of a worker thread.
import { importJoined } from '../../setup/start/importJoined.mjs';

await importJoined('data/image/image.worker.ts');
