import { startEngine } from '../../../model/engine/startEngine.js';
import { compileOnly } from './compileOnly.js';
import type { DumpedFunction, DumpedLayer } from './dumpModules.js';
import { layerFunctions } from './layerFunctions.js';

// Of `dumpModules`, in a process of its own, because XLA reads once where to dump: compiles a layer's functions and says which.

const { shape, lengths } = JSON.parse(process.argv[2]!) as DumpedLayer;
await startEngine({ backend: 'tensorflow' });
const functions = layerFunctions(shape, lengths).map(({ label, way, calls, function: made }): DumpedFunction => {
  compileOnly(made);
  const { name, flops, takes, gives } = made;
  return { label, way, calls, name, flops, takes, gives };
});
process.stdout.write(JSON.stringify(functions));
process.exit(0); // TensorFlow's threads would keep it
