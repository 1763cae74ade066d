import { tf } from '../../../model/engine/tf.js';

/** What operations took, and the matrix products among them. */
export interface Usage {
  kinds: Record<Kind, Spent>;
  /** By operation and shapes, the costliest first. */
  operations: ({ name: string; kind: Kind } & Spent)[];
}

interface Spent {
  seconds: number;
  calls: number;
  /** Floating-point operations of TensorFlow's own matrix products; those inside fused operations are not known. */
  flops: number;
}

export const kinds = [
  'frozen products',
  'adapter products',
  'attention',
  'norms',
  'elementwise',
  'casts',
  'optimizer',
  'embedding rows',
  'other',
] as const;
export type Kind = (typeof kinds)[number];

/** Sees every operation that the native engine runs. */
export interface Watch {
  /** What follows counts as part of the optimizer. */
  inOptimizer: boolean;
  forget(): void;
  /** Time work of the host as the kind given. */
  time<T>(kind: Kind, name: string, work: () => T): T;
  /** @param rank  of the adapters: it tells their products apart */
  usage(rank: number): Usage;
}

/** One kind of call: the same operation on the same shapes. */
interface Call {
  operation: string;
  inputs: number[][];
  output: number[];
  isBfloat16: boolean;
  kind: Kind | undefined;
  seconds: number;
  calls: number;
  flops: number;
}

interface Attribute {
  name: string;
  value: unknown;
}
interface Binding {
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): Held[];
}
interface Held {
  id: number;
  shape: number[];
  dtype: number;
}

const bfloat16 = 14; // TF_DataType of tensorflow/c/tf_datatype.h

/**
 * Put a stopwatch around the calls of the native engine, which runs each to its end before it returns (on a CPU; on a
 * GPU only the calls themselves are seen). To be called before a model is loaded, since weights keep the engine they
 * were made with.
 */
export function watchEngine(): Watch {
  const backend = tf.backend() as unknown as { binding: Binding };
  const real = backend.binding;
  const held = new Map<number, Omit<Held, 'id'>>();
  const seen = new Map<string, Call>();

  const add = (call: Omit<Call, 'seconds' | 'calls' | 'flops'>, seconds: number, flops = 0) => {
    const key = JSON.stringify([call.operation, call.inputs, call.output, call.isBfloat16, call.kind]);
    const sum = seen.get(key) ?? { ...call, seconds: 0, calls: 0, flops: 0 };
    seen.set(key, { ...sum, seconds: sum.seconds + seconds, calls: sum.calls + 1, flops: sum.flops + flops });
  };

  const watched: Partial<Binding> = {
    createTensor(shape, dtype, values) {
      const id = real.createTensor(shape, dtype, values);
      held.set(id, { shape, dtype });
      return id;
    },
    deleteTensor(id) {
      held.delete(id);
      real.deleteTensor(id);
    },
    executeOp(name, attributes, inputs, outputs) {
      const begun = performance.now();
      const results = real.executeOp(name, attributes, inputs, outputs);
      const seconds = (performance.now() - begun) / 1000;
      const shapes = inputs.map((id) => held.get(id)?.shape ?? []);
      for (const { id, shape, dtype } of results) held.set(id, { shape, dtype });
      const output = results[0]?.shape ?? [];
      const isBfloat16 = inputs.some((id) => held.get(id)?.dtype === bfloat16);
      const kind = watch.inOptimizer ? 'optimizer' : undefined;
      const flops = /MatMul/.test(name) ? productFlops(attributes, shapes[0]!, output) : 0;
      add({ operation: name, inputs: shapes, output, isBfloat16, kind }, seconds, flops);
      return results;
    },
  };
  // Properties of the real binding cannot be replaced, and its functions need it as their `this`.
  backend.binding = new Proxy({} as Binding, {
    get(_, name) {
      const value: unknown = (watched as Record<string | symbol, unknown>)[name] ?? Reflect.get(real, name);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(real) : value;
    },
  });

  const watch: Watch = {
    inOptimizer: false,
    forget: () => seen.clear(),
    time(kind, name, work) {
      const begun = performance.now();
      const result = work();
      const seconds = (performance.now() - begun) / 1000;
      add({ operation: name, inputs: [], output: [], isBfloat16: false, kind }, seconds);
      return result;
    },
    usage: (rank) => summarizeCalls([...seen.values()], rank),
  };
  return watch;
}

/** Two for each number of the output and each number that it sums. */
function productFlops(attributes: Attribute[], left: number[], output: number[]): number {
  const transposed = attributes.some(
    ({ name, value }) => (name === 'transpose_a' || name === 'adj_x') && value === true,
  );
  const inner = left.at(transposed ? -2 : -1) ?? 0;
  return 2 * inner * output.reduce((product, side) => product * side, 1);
}

function summarizeCalls(calls: Call[], rank: number): Usage {
  const nothing = () => ({ seconds: 0, calls: 0, flops: 0 });
  const sums = Object.fromEntries(kinds.map((kind) => [kind, nothing()])) as Usage['kinds'];
  const operations = calls.map((call) => {
    const kind = call.kind ?? kindOf(call, rank);
    for (const what of ['seconds', 'calls', 'flops'] as const) sums[kind][what] += call[what];
    return { name: nameOf(call), kind, seconds: call.seconds, calls: call.calls, flops: call.flops };
  });
  return { kinds: sums, operations: operations.sort((x, y) => y.seconds - x.seconds) };
}

/** The operations of model/engine/fused by the beginnings of their names. */
const fused: [start: string, kind: Kind][] = [
  ['TercetNorm', 'norms'],
  ['TercetSwiglu', 'elementwise'],
  ['TercetAttention', 'attention'],
  ['TercetLowRank', 'adapter products'],
  ['TercetGradientOf', 'adapter products'],
  ['TercetCastToFloat32', 'casts'],
];

/**
 * What an operation serves, by its name and shapes. A guess where operations of one shape are alike: residual sums are
 * elementwise, and the small product of the loss counts with those of frozen weights.
 */
export function kindOf(
  { operation, inputs, output }: Pick<Call, 'operation' | 'inputs' | 'output'>,
  rank: number,
): Kind {
  const known = fused.find(([start]) => operation.startsWith(start));
  if (known) return known[1];
  const batch = output.slice(0, -2).reduce((product, side) => product * side, 1);
  if (/MatMul/.test(operation)) {
    if (batch > 1) return 'attention';
    const sides = [...inputs.flatMap((shape) => shape.slice(-2)), ...output.slice(-2)];
    return rank > 0 && sides.includes(rank) ? 'adapter products' : 'frozen products';
  }
  if (operation === 'Cast' || operation === 'Bitcast') return 'casts';
  if (/Softmax/.test(operation) || output.length > 2) return 'attention';
  if (rank > 0 && output.includes(rank)) return 'adapter products';
  const isNorm = /^(Mean|Rsqrt|Square|Sum)$/.test(operation) || inputs.some((shape) => shape.at(-1) === 1);
  if (isNorm) return 'norms';
  return output.length === 2 ? 'elementwise' : 'other';
}

function nameOf({ operation, inputs, output, isBfloat16 }: Call): string {
  if (output.length === 0 && inputs.length === 0) return operation;
  const sizes = (shape: number[]) => shape.join('x') || 'scalar';
  return `${operation}${isBfloat16 ? ' bfloat16' : ''} ${inputs.map(sizes).join(', ')} -> ${sizes(output)}`;
}
