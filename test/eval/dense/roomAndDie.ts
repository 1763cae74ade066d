// Makes room in the folder named first for a file of so many bytes, and is killed while it uses it.
import { makeRoom } from '../../../eval/dense/makeRoom.js';

const [root, file, bytes] = process.argv.slice(2);
await makeRoom(root!, [{ file: file!, bytes: Number(bytes) }], 100);
process.kill(process.pid, 'SIGKILL');
