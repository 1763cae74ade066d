import { numberField, type Message } from '../protobuf.js';
import type { NumberKind } from '../native/typeCodes.js';
import { attributes } from './attributes.js';
import type { Description, NodeOutput, Value } from './describeFunction.js';

export type Operations = ReturnType<typeof operations>;

/** TensorFlow's operations inside a function that is being described. They know shapes: what does not fit together throws here. */
export function operations(description: Description) {
  const { node, constant } = description;
  const { kind: kindOf, integer, flag } = attributes;
  const ofKind = ({ kind }: Value) => ({ T: kindOf(kind) });
  const int32 = kindOf('int32');

  const integers = (...values: number[]) => constant('int32', [values.length], values);
  const number = (value: number) => constant('float32', [], [value]);
  const unsigned = (value: number) => constant('uint32', [], [value]);

  const binary = (operation: string) => (a: Value, b: Value) =>
    node(operation, [a, b], ofKind(a), { name: 'z', kind: a.kind, shape: broadcast(alike(a, b)) });
  const comparison = (operation: string) => (a: Value, b: Value) =>
    node(operation, [a, b], ofKind(a), { name: 'z', kind: 'bool', shape: broadcast(alike(a, b)) });
  const unary = (operation: string) => (x: Value) =>
    node(operation, [x], ofKind(x), { name: 'y', kind: x.kind, shape: x.shape });
  const reduction = (operation: string) => (x: Value, axis: number) =>
    node(
      operation,
      [x, integers(axis)],
      { ...ofKind(x), Tidx: int32, keep_dims: flag(true) },
      { name: 'output', kind: x.kind, shape: x.shape.map((size, place) => (place === axis ? 1 : size)) },
    );

  const slice = (x: Value, begin: number[], size: number[]) =>
    node(
      'Slice',
      [x, integers(...begin), integers(...size)],
      { ...ofKind(x), Index: int32 },
      output('output', x, size),
    );

  return {
    number,
    unsigned,
    add: binary('AddV2'),
    subtract: binary('Sub'),
    multiply: binary('Mul'),
    divide: binary('RealDiv'),
    xor: binary('BitwiseXor'),
    shiftRight: binary('RightShift'),
    less: comparison('Less'),
    lessEqual: comparison('LessEqual'),
    and: (a: Value, b: Value) =>
      node('LogicalAnd', [a, b], {}, { name: 'z', kind: 'bool', shape: broadcast(alike(a, b)) }),
    negative: unary('Neg'),
    reciprocalRoot: unary('Rsqrt'),
    sigmoid: unary('Sigmoid'),
    exponential: unary('Exp'),
    /** Along one axis, which stays with size 1. */
    mean: reduction('Mean'),
    sum: reduction('Sum'),
    most: reduction('Max'),

    cast: (x: Value, kind: NumberKind) =>
      x.kind === kind
        ? x
        : node(
            'Cast',
            [x],
            { SrcT: kindOf(x.kind), DstT: kindOf(kind), Truncate: flag(false) },
            { name: 'y', kind, shape: x.shape },
          ),
    /** The same bytes as another kind of as many. */
    bitcast: (x: Value, kind: NumberKind, shape = x.shape) =>
      node('Bitcast', [x], { ...ofKind(x), type: kindOf(kind) }, { name: 'output', kind, shape }),
    reshape(x: Value, ...shape: number[]) {
      if (sizeOf(shape) !== sizeOf(x.shape)) throw new Error(`[${x.shape}] cannot become [${shape}]`);
      return node('Reshape', [x, integers(...shape)], { ...ofKind(x), Tshape: int32 }, output('output', x, shape));
    },
    transpose: (x: Value, ...order: number[]) =>
      node(
        'Transpose',
        [x, integers(...order)],
        { ...ofKind(x), Tperm: int32 },
        output(
          'y',
          x,
          order.map((axis) => x.shape[axis]!),
        ),
      ),
    slice,
    /** Some of the last axis. */
    columns: (x: Value, from: number, count: number) =>
      slice(x, [...x.shape.slice(0, -1).map(() => 0), from], [...x.shape.slice(0, -1), count]),
    join(parts: Value[], axis: number): Value {
      const [first] = parts as [Value];
      if (parts.length === 1) return first;
      const along = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
      const shape = first.shape.map((size, place) => (place === axis ? along : size));
      const given = { ...ofKind(first), N: integer(parts.length), Tidx: int32 };
      return node('ConcatV2', [...parts, constant('int32', [], [axis])], given, output('output', first, shape));
    },
    /** The rows of x that `places`, int32 of any shape, name. */
    gather: (x: Value, places: Value) =>
      node(
        'GatherV2',
        [x, places, constant('int32', [], [0])],
        { Tparams: kindOf(x.kind), Tindices: kindOf(places.kind), Taxis: int32, batch_dims: integer(0) },
        output('output', x, [...places.shape, ...x.shape.slice(1)]),
      ),
    /** 0, 1, ... */
    range: (count: number) =>
      node(
        'Range',
        [constant('int32', [], [0]), constant('int32', [], [count]), constant('int32', [], [1])],
        { Tidx: int32 },
        { name: 'output', kind: 'int32', shape: [count] },
      ),
    /** One number everywhere. */
    filled: (value: Value, ...shape: number[]) =>
      node(
        'Fill',
        [integers(...shape), value],
        { ...ofKind(value), index_type: int32 },
        output('output', value, shape),
      ),
    choose: (condition: Value, yes: Value, no: Value) =>
      node(
        'SelectV2',
        [condition, yes, no],
        ofKind(yes),
        output('output', yes, broadcast([condition.shape, broadcast(alike(yes, no))])),
      ),

    /**
     * Matrix product that sums in float32.
     * @param over   the axis of each that is summed over
     * @param kind   of the result
     * @param batch  leading axes that both share
     * @returns      [...batch, axes of a, axes of b]
     */
    product(a: Value, b: Value, over: [number, number], kind: NumberKind = a.kind, batch = 0): Value {
      const shared = a.shape.slice(0, batch);
      if (a.shape[over[0]] !== b.shape[over[1]] || a.kind !== b.kind || `${shared}` !== `${b.shape.slice(0, batch)}`)
        throw new Error(`${a.kind} [${a.shape}] times ${b.kind} [${b.shape}] over axes ${over}`);
      const free = ({ shape }: Value, axis: number) => shape.filter((_, place) => place >= batch && place !== axis);
      const shape = [...shared, ...free(a, over[0]), ...free(b, over[1])];
      description.countFlops(2 * sizeOf(shape) * a.shape[over[0]]!);
      const given = {
        LhsT: kindOf(a.kind),
        RhsT: kindOf(b.kind),
        dimension_numbers: attributes.bytes(productAxes(over, batch)),
        precision_config: attributes.bytes([]),
        preferred_element_type: kindOf(kind),
      };
      return node('XlaDotV2', [a, b], given, { name: 'output', kind, shape });
    },
  };
}

const output = (name: string, { kind }: Value, shape: readonly number[]): NodeOutput => ({ name, kind, shape });

const sizeOf = (shape: readonly number[]) => shape.reduce((size, count) => size * count, 1);

/** Source: DotDimensionNumbers of xla/xla_data.proto. */
function productAxes(over: [number, number], batch: number): Message {
  const shared = Array.from({ length: batch }, (_, axis) => axis);
  const axes = (field: number, list: number[]) => list.flatMap((axis) => numberField(field, axis));
  return [...axes(1, [over[0]]), ...axes(2, [over[1]]), ...axes(3, shared), ...axes(4, shared)];
}

function alike(a: Value, b: Value): [readonly number[], readonly number[]] {
  if (a.kind !== b.kind) throw new Error(`${a.kind} [${a.shape}] beside ${b.kind} [${b.shape}]`);
  return [a.shape, b.shape];
}

function broadcast([a, b]: [readonly number[], readonly number[]]): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (shape: readonly number[], place: number) => shape[place - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, place) => {
    const [first, second] = [at(a, place), at(b, place)];
    if (first !== second && first !== 1 && second !== 1) throw new Error(`[${a}] beside [${b}]`);
    return Math.max(first, second);
  });
}
