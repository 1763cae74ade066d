import { tf } from '../tf.js';

/** What own kernels use of the backend `wasm` (tfjs-backend-wasm 4.22). Addresses and sizes of its memory are bytes. */
interface Backend {
  wasm: WasmModule;
  dataIdNextNumber: number;
  makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
  getMemoryOffset(dataId: object): number;
  incRef(dataId: object): void;
}

interface WasmModule {
  HEAPU8: Uint8Array;
  tfjs: {
    registerTensor(id: number, size: number, address: number): void;
    disposeData(id: number): void;
  };
  /** Shapes are addresses of three 32-bit integers. */
  _BatchMatMul(
    a: number,
    aShape: number,
    aRank: number,
    b: number,
    bShape: number,
    bRank: number,
    transposeA: number,
    transposeB: number,
    product: number,
  ): void;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The running backend, which must be `wasm`. */
export function wasmBackend(): Backend {
  return tf.backend() as unknown as Backend;
}

/** A tensor whose values are not set yet. Making one may move the memory, so take views after it. */
export function unsetTensor<T extends tf.Tensor>(shape: number[]): T {
  return tf.engine().makeTensorFromTensorInfo(wasmBackend().makeOutput(shape, 'float32')) as T;
}

/** The values of a tensor in place, without a copy; good until the next tensor is made. */
export function valuesInPlace(tensor: tf.Tensor): Float32Array {
  return wasmBackend().typedArrayFromHeap(tensor);
}
