/** What programs call: `import { compare } from 'tercet'`. The command of that name calls it too. */
export { compare, type Compared, type CompareRequest } from './compare.js';
