import type { Precision } from '../../../configs/contract.js';
import { tf } from '../../../model/engine/tf.js';
import type { Peak } from './jobs.js';

/** What is used of the native binding. */
interface Binding {
  executeOp(name: string, attributes: object[], inputs: number[], outputs: number): { id: number }[];
  deleteTensor(id: number): void;
  TF_ATTR_TYPE: number;
  TF_ATTR_BOOL: number;
}
interface Backend {
  binding: Binding;
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  createOutputTensor(output: object): tf.Tensor;
}

/** TF_DataType of tensorflow/c/tf_datatype.h. */
const codes: Record<Precision, number> = { float32: 1, bfloat16: 14, float16: 19 };
const rounds = 5;
/** Products that a round asks for before it waits, so that a card is never without work; fewer where they take long. */
const burstFlops = 2e13;
const mostInBurst = 40;

/**
 * The rate of the product of two square matrices that lie on the device in the precision already, on the native engine.
 * @param small  one product a round, for a processor
 */
export function squarePeak(size: number, precision: Precision, small: boolean): Peak {
  const backend = tf.backend() as unknown as Backend;
  const { binding } = backend;
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean) => ({ name, type: binding.TF_ATTR_BOOL, value });
  const cast = (id: number, from: number, to: number) =>
    binding.executeOp('Cast', [type('SrcT', from), type('DstT', to), flag('Truncate', false)], [id], 1)[0]!;
  const code = codes[precision];
  const values = tf.randomUniform([size, size], -1, 1, 'float32', size);
  const { id } = cast(backend.getInputTensorIds([values])[0]!, codes.float32, code);
  const attributes = [type('T', code), flag('transpose_a', false), flag('transpose_b', false)];
  const multiply = () => binding.executeOp('MatMul', attributes, [id, id], 1)[0]!.id;
  const flops = 2 * size ** 3;
  const burst = small ? 1 : Math.max(1, Math.min(mostInBurst, Math.floor(burstFlops / flops)));
  const run = () => {
    for (let count = 1; count < burst; count++) binding.deleteTensor(multiply());
    const last = multiply();
    const corner = tf.tidy(() => backend.createOutputTensor(cast(last, code, codes.float32)).slice([0, 0], [1, 1]));
    corner.dataSync(); // waits for the device
    corner.dispose();
    binding.deleteTensor(last);
  };
  run();
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    run();
    best = Math.min(best, performance.now() - begun);
  }
  binding.deleteTensor(id);
  values.dispose();
  return { size, precision, rate: (burst * flops) / (best / 1000) };
}
