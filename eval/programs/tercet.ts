/** What programs call: `import { encode, evaluate, compare } from 'tercet'`. The commands of the same names call it too. */
export { compare, type Compared, type CompareRequest } from './compare.js';
export { encode, type Encoded, type EncodeRequest } from './encode.js';
export { evaluate, type Evaluated, type EvaluateRequest } from './evaluate.js';
