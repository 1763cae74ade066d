import { tf } from '../tf.js';

/** An attribute of an operation; its type is one of the TF_ATTR_ of the binding. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

/** The binding: `executeOp` passes any attribute through. Source: binding/tfjs_backend.cc of tfjs-node 4.22. */
export interface Binding {
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): OpOutput[];
  /** The functions that setup/binding/context.cc adds. */
  joinTrouble(): string;
  reportError(message: string): void;
  publish(key: string, value: string): void;
  published(key: string, timeoutMs: number): string | undefined;
  /** That setup/binding/card.cc adds. */
  card(): Card | undefined;
  addFunction(definition: Buffer): void;
  TF_ATTR_TYPE: number;
  TF_ATTR_STRING: number;
  TF_ATTR_BOOL: number;
  TF_ATTR_INT: number;
  TF_ATTR_FLOAT: number;
  TF_Version: string;
}

/** The card that this process computes on, as its driver told before TensorFlow took any of its memory. */
export interface Card {
  name: string;
  /** Such as 9.0. */
  computeCapability: string;
  freeBytes: number;
  totalBytes: number;
}

/** A tensor of the binding, whose kind is a TF_DataType. */
export interface OpOutput {
  id: number;
  shape: number[];
  dtype: number;
}

/** What of the backend `tensorflow` lies beneath the operations of TensorFlow.js. */
export interface NodeBackend {
  binding: Binding;
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  createOutputTensor(output: OpOutput): tf.Tensor;
}

/** The backend that runs, which must be `tensorflow`. */
export const nodeBackend = () => tf.backend() as unknown as NodeBackend;
