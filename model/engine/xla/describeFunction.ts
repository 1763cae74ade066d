import { bytesField, numberField, type Message } from '../protobuf.js';
import { typeCodes, type NumberKind } from '../native/typeCodes.js';
import { attributes, mapEntry } from './attributes.js';

/** A tensor inside a function that is being described. */
export interface Value {
  /** How nodes name it as their input. */
  reference: string;
  kind: NumberKind;
  shape: readonly number[];
}

/** A tensor that a function takes or gives, under the name that its caller knows it by. */
interface Port {
  name: string;
  kind: NumberKind;
  shape: readonly number[];
}

/** A function over tensors of known shapes, which XLA compiles as one program. */
export interface FunctionDescription {
  name: string;
  takes: readonly Port[];
  gives: readonly Port[];
  /** Floating-point operations of its matrix products. */
  flops: number;
  /** A FunctionDef of TensorFlow. */
  definition: Uint8Array;
}

/** What a function is described with. */
export interface Description {
  take(name: string, kind: NumberKind, shape: readonly number[]): Value;
  give(name: string, value: Value): void;
  node(operation: string, inputs: Value[], attributes: Record<string, Message>, output: NodeOutput): Value;
  constant(kind: 'float32' | 'int32' | 'uint32', shape: readonly number[], values: readonly number[]): Value;
  countFlops(flops: number): void;
}

/** The one output of a node: its name in TensorFlow's list of operations, its kind and shape. */
export interface NodeOutput {
  name: string;
  kind: NumberKind;
  shape: readonly number[];
}

/**
 * Describe a function by calling `body`, which takes its arguments, adds nodes and gives its results.
 * Source: FunctionDef, OpDef and NodeDef of TensorFlow 2.21. `_XlaMustCompile` makes it one program instead of one operation
 * after the other.
 */
export function describeFunction(name: string, body: (description: Description) => void): FunctionDescription {
  const takes: Port[] = [];
  const gives: (Port & { reference: string })[] = [];
  const nodes: Message[] = [];
  const constants = new Map<string, Value>();
  let flops = 0;

  const node: Description['node'] = (operation, inputs, given, output) => {
    const id = `n${nodes.length}`;
    nodes.push([
      ...bytesField(1, id),
      ...bytesField(2, operation),
      ...inputs.flatMap(({ reference }) => bytesField(3, reference)),
      ...Object.entries(given).flatMap(([key, value]) => mapEntry(5, key, value)),
    ]);
    return { reference: `${id}:${output.name}:0`, kind: output.kind, shape: output.shape };
  };

  body({
    node,
    take(name, kind, shape) {
      const reference = `a${takes.length}`;
      takes.push({ name, kind, shape });
      return { reference, kind, shape };
    },
    give: (name, { reference, kind, shape }) => void gives.push({ name, kind, shape, reference }),
    constant(kind, shape, values) {
      const key = `${kind} [${shape}] ${values}`;
      if (!constants.has(key)) {
        const bytes = new Uint8Array(arrays[kind].from(values).buffer);
        const given = { dtype: attributes.kind(kind), value: attributes.tensor(kind, shape, bytes) };
        constants.set(key, node('Const', [], given, { name: 'output', kind, shape }));
      }
      return constants.get(key)!;
    },
    countFlops: (count) => void (flops += count),
  });

  const signature = [
    ...bytesField(1, name),
    ...takes.flatMap(({ kind }, place) => bytesField(2, port(`a${place}`, kind))),
    ...gives.flatMap(({ kind }, place) => bytesField(3, port(`r${place}`, kind))),
  ];
  const definition = Uint8Array.from([
    ...bytesField(1, signature),
    ...mapEntry(5, '_XlaMustCompile', attributes.flag(true)),
    ...nodes.flatMap((node) => bytesField(3, node)),
    ...gives.flatMap(({ reference }, place) => mapEntry(4, `r${place}`, reference)),
  ]);
  return { name, takes, gives: gives.map(({ name, kind, shape }) => ({ name, kind, shape })), flops, definition };
}

const port = (name: string, kind: NumberKind): Message => [...bytesField(1, name), ...numberField(3, typeCodes[kind])];

const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array };
