import { tf } from '../tf.js';
import { wasmBackend } from './wasmBackend.js';

/**
 * Let a clone on WebAssembly share its values with the original, as reshaped tensors do and as every other backend
 * clones. tfjs-backend-wasm 4.22 copies them, and every tensor that a gradient keeps is cloned first.
 */
export function shareClones(): void {
  tf.unregisterKernel('Identity', 'wasm');
  tf.registerKernel({
    kernelName: 'Identity',
    backendName: 'wasm',
    kernelFunc: ({ inputs }) => {
      const { dataId, shape, dtype } = inputs['x']!;
      wasmBackend().incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
}
