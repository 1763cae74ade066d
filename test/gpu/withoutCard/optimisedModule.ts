/** What a kernel of an optimised module does. */
export interface Kernel {
  name: string;
  /** Read and written. */
  bytes: number;
  /** Operations on numbers of its matrix product; 0 where it is none. */
  flops: number;
}

interface Instruction {
  name: string;
  /** Its type as text, a tuple's in brackets. */
  type: string;
  operation: string;
  operands: string[];
  isRoot: boolean;
  /** All behind the operands. */
  rest: string;
}

/**
 * Kernels that the entry of an optimised module starts. A kernel reads each of what it is given once; of that from which it takes
 * slices alone, these.
 * Source: HLO's text format; `__cublas` calls give their result and the workspace that they had.
 * @param text  as XLA prints a module for a card
 */
export function kernelsOf(text: string): Kernel[] {
  const computations = new Map<string, Instruction[]>();
  let entry: Instruction[] = [];
  for (const [, start, name, body] of text.matchAll(/^(ENTRY )?%?([\w.-]+) [^\n]*\{\n(.*?)^\}/gms)) {
    const instructions = instructionsOf(body!);
    computations.set(name!, instructions);
    if (start) entry = instructions;
  }
  if (entry.length === 0) throw new Error('a module without an entry');
  const types = new Map(entry.map(({ name, type }) => [name, type]));
  return entry
    .filter(({ operation }) => !startsNothing.has(operation))
    .map((instruction) => {
      const { name, operation, operands, rest } = instruction;
      if (startsOthers.has(operation)) throw new Error(`${name}: what ${operation} starts is not counted`);
      const inner = computations.get(/calls=%?([\w.-]+)/.exec(rest)?.[1] ?? '') ?? [];
      const read = operands.map((operand, place) => {
        return bytesRead(inner, place) ?? bytesOf(types.get(operand) ?? '');
      });
      return { name, bytes: written(instruction) + sum(read), flops: flopsOf([instruction], types) + flopsOf(inner) };
    });
}

const startsNothing = new Set(['parameter', 'constant', 'bitcast', 'get-tuple-element', 'tuple', 'after-all']);
const startsOthers = new Set(['while', 'conditional', 'call']);

function instructionsOf(body: string): Instruction[] {
  const line = /^ *(ROOT )?%?([\w.-]+) = (\((?:[^()]|\([^()]*\))*\)|\S+) ([\w-]+)\(([^)]*)\)(.*)$/gm;
  return [...body.matchAll(line)].map(([, root, name, type, operation, operands, rest]) => ({
    ...{ name: name!, type: type!, operation: operation!, rest: rest!, isRoot: root !== undefined },
    operands: operation === 'parameter' ? [operands!] : [...operands!.matchAll(/%([\w.-]+)/g)].map(([, name]) => name!),
  }));
}

function written({ type, rest }: Instruction): number {
  const [result, ...others] = shapesOf(type);
  return rest.includes('custom_call_target="__cublas')
    ? result!.bytes
    : result!.bytes + sum(others.map((s) => s.bytes));
}

/** Of a computation's parameter the bytes that it reads: of slices of it, be they cast or added up before, the slices alone. */
function bytesRead(computation: Instruction[], place: number): number | undefined {
  const parameter = computation.find(
    ({ operation, operands }) => operation === 'parameter' && operands[0] === `${place}`,
  );
  if (parameter === undefined) return undefined;
  const known = new Map<string, number>();
  const elementsRead = ({ name, type, isRoot }: Instruction): number => {
    const there = known.get(name);
    if (there !== undefined) return there;
    const whole = elementsOf(type);
    const byUsers = computation
      .filter(({ operands }) => operands.includes(name))
      .map((user) => {
        if (user.operation === 'slice') return elementsOf(user.type);
        return elementByElement.has(user.operation) ? elementsRead(user) : whole;
      });
    const read = isRoot ? whole : Math.min(whole, sum(byUsers));
    known.set(name, read);
    return read;
  };
  return (bytesOf(parameter.type) * elementsRead(parameter)) / elementsOf(parameter.type);
}

const elementByElement = new Set(['convert', 'bitcast', 'add', 'subtract', 'multiply', 'divide', 'negate', 'select']);

/** Two for each number that a product sums. @param types  of what the instructions take, else their own */
function flopsOf(
  instructions: Instruction[],
  types = new Map(instructions.map(({ name, type }) => [name, type])),
): number {
  return sum(
    instructions.map(({ type, operation, operands, rest }) => {
      const summed = /lhs_contracting_dim(?:s=\{|ensions":\[")([\d,"]+)/.exec(rest)?.[1];
      if (summed === undefined || (operation !== 'dot' && !rest.includes('custom_call_target="__cublas'))) return 0;
      const left = shapesOf(types.get(operands[0]!) ?? '')[0]!.sizes;
      const along = summed.match(/\d+/g)!.map((axis) => left[Number(axis)]!);
      return 2 * product(shapesOf(type)[0]!.sizes) * product(along);
    }),
  );
}

const elementsOf = (type: string): number => sum(shapesOf(type).map(({ sizes }) => product(sizes)));
const bytesOf = (type: string): number => sum(shapesOf(type).map(({ bytes }) => bytes));

function shapesOf(type: string): { sizes: number[]; bytes: number }[] {
  return [...type.matchAll(/\b([a-z]+)(\d*)\[([\d,]*)\]/g)].map(([, , bits, dimensions]) => {
    const sizes = dimensions!.split(',').filter(Boolean).map(Number);
    return { sizes, bytes: (product(sizes) * Number(bits || 8)) / 8 }; // pred has a byte
  });
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const product = (numbers: number[]) => numbers.reduce((total, number) => total * number, 1);
