import { anyTensors } from '../../../model/engine/native/anyTensors.js';
import { nodeBackend } from '../../../model/engine/native/nodeBackend.js';
import { typeCodes } from '../../../model/engine/native/typeCodes.js';
import { bytesField, numberField, type Message } from '../../../model/engine/protobuf.js';
import { attributes, mapEntry } from '../../../model/engine/xla/attributes.js';
import type { FunctionDescription } from '../../../model/engine/xla/describeFunction.js';

/**
 * Let XLA compile a function that the engine knows, and not run it. What it takes is allocated and never touched, so that
 * functions of a large layer cost no memory here.
 * Source: `_XlaCompile` and `Empty` in the operations of TensorFlow 2.21.
 */
export function compileOnly({ name, takes }: Pick<FunctionDescription, 'name' | 'takes'>): void {
  const nodes: Message[] = [];
  const node = (id: string, operation: string, inputs: string[], given: Record<string, Message>) =>
    nodes.push([
      ...bytesField(1, id),
      ...bytesField(2, operation),
      ...inputs.flatMap((input) => bytesField(3, input)),
      ...Object.entries(given).flatMap(([key, value]) => mapEntry(5, key, value)),
    ]);
  const int32 = attributes.kind('int32');
  const untouched = takes.map(({ kind, shape }, place) => {
    const sizes = new Uint8Array(Int32Array.from(shape).buffer);
    node(`s${place}`, 'Const', [], { dtype: int32, value: attributes.tensor('int32', [shape.length], sizes) });
    node(`e${place}`, 'Empty', [`s${place}:output:0`], { dtype: attributes.kind(kind), init: attributes.flag(false) });
    return `e${place}:output:0`;
  });
  node('compile', '_XlaCompile', untouched, {
    must_compile: attributes.flag(true),
    Tconstants: kinds([]),
    Targs: kinds(takes.map(({ kind }) => typeCodes[kind])),
    Nresources: attributes.integer(0),
    function: functionNamed(name),
  });
  const wrapper = `Compile_${name}`;
  const result = [...bytesField(1, 'compiled'), ...numberField(3, typeCodes.bool)];
  const definition = [
    ...bytesField(1, [...bytesField(1, wrapper), ...bytesField(3, result)]),
    ...nodes.flatMap((node) => bytesField(3, node)),
    ...mapEntry(4, 'compiled', 'compile:compilation_successful:0'),
  ];
  anyTensors().addFunction(Uint8Array.from(definition));
  const { binding } = nodeBackend();
  for (const { id } of binding.executeOp(wrapper, [], [], 1)) binding.deleteTensor(id);
}

/** Attributes of kinds that only this operation has. */
const kinds = (codes: number[]): Message =>
  bytesField(
    1,
    codes.flatMap((code) => numberField(6, code)),
  );
const functionNamed = (name: string): Message => bytesField(10, bytesField(1, name));
