import { UserError } from '../../../configs/userError.js';
import { wasmBytes } from '../capabilities.js';
import { wasmBackend } from './wasmBackend.js';

/**
 * Let an allocation that does not fit be an error. tfjs-backend-wasm 4.22 does not look at what its `malloc` answers:
 * where no room is left that is address 0, and the new tensor is written over the first ones.
 */
export function countMemory(): void {
  const { wasm } = wasmBackend();
  wasm._free(wasm._malloc(8)); // the first call puts the function itself in the place of what Emscripten put there
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < wasmBytes ? allocate(bytes) : 0;
    if (address === 0 && bytes > 0) throw outOfMemory(bytes, wasm.HEAPU8.length);
    return address;
  };
}

/** "out of memory" is what training looks for, to go on with smaller chunks. */
const outOfMemory = (bytes: number, taken: number) =>
  new UserError(
    `WebAssembly is out of memory: ${Math.ceil(bytes / 1e6)} MB more do not fit beside ${Math.floor(taken / 1e6)} MB of ` +
      'the 4,295 MB that it addresses; take fewer tokens at a time, a smaller base, or the tensorflow engine (npm run doctor)',
  );
