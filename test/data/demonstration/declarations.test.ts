import assert from 'node:assert/strict';
import { declarationsOf, parseFile } from '../../../data/demonstration/declarations.js';

const declarations = (text: string, module = 'node:fs') => {
  const file = { module, path: 'snippet.d.ts', text };
  return declarationsOf(file, parseFile(file));
};

describe('declarationsOf', () => {
  it('gathers the overloads of a function and leaves their comments out', () => {
    const text = `declare module "fs" {
      /** Opens a file for reading. */
      export function open(path: string): void;
      export function open(
          path: string,
          /** how to open it */
          mode: number,
      ): void;
      function undocumented(): void;
    }`;
    assert.deepEqual(declarations(text), [
      {
        place: 'node:fs',
        name: 'open',
        summary: 'Opens a file for reading',
        code: 'function open(path: string): void;\nfunction open(\n    path: string,\n    mode: number,\n): void;',
      },
    ]);
  });

  it('names modules, namespaces and interfaces in the place of a member', () => {
    const text =
      'declare global { namespace Web { interface Dir {\n /** Closes the directory. */\n close(): void;\n } } }';
    assert.deepEqual(declarations(text, 'dom'), [
      { place: 'dom Web Dir', name: 'close', summary: 'Closes the directory', code: 'close(): void;' },
    ]);
  });

  it('takes an interface and the variable of its name for one', () => {
    const text = `/** A point in space. */
interface Point {
    /** No question. @see x */
    x: number;
}

declare var Point: {
    new(x: number): Point;
};`;
    const point = declarations(text, 'dom').find(({ name }) => name === 'Point');
    assert.equal(point?.code, 'interface Point {\n    x: number;\n}\nvar Point: {\n    new(x: number): Point;\n};');
  });

  it('shows an operation of TensorFlow.js under the name it is called by', () => {
    const text = '/** Multiplies two matrices. */\ndeclare function matMul_<T extends Tensor>(a: T, b_: T): T;';
    assert.equal(declarations(text, 'tfjs-core')[0]?.code, 'function matMul<T extends Tensor>(a: T, b_: T): T;');
  });
});
