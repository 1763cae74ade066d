import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projections } from '../../../configs/schema.js';
import { UserError } from '../../../configs/userError.js';
import { preparePython } from '../../preparePython.js';
import { layerShapes, textLengths } from '../layerShapes.js';
import { cardCosts, type FunctionCost } from './cardCosts.js';
import { costTable } from './costTable.js';

/**
 * What the functions of a decoder layer cost an H100, without one: XLA compiles them for it here, and tells kernels, bytes and
 * temporary memory. Nothing runs, so that a layer of 7B needs no memory either. Milliseconds are computed, not measured.
 * node --import tsx test/gpu/withoutCard/costs.ts --shape 7B --rows 16384 --out before.json
 * node --import tsx test/gpu/withoutCard/costs.ts --shape 7B --rows 16384 --before before.json
 */
const { values: asked } = parseArgs({
  options: {
    shape: { type: 'string', default: '7B' },
    rows: { type: 'string', default: '16384' },
    /** Of the frozen weights and the activations between products. */
    kind: { type: 'string', default: 'bfloat16' },
    rank: { type: 'string', default: '32' },
    dropout: { type: 'string', default: '0.1' },
    /** Lengths of the texts, again and again until the rows are full. */
    lengths: { type: 'string', default: '80' },
    /** Terabytes and teraflops that the card does in a second; a measured product of large square matrices in bfloat16 did 783. */
    memory: { type: 'string', default: '3.0' },
    products: { type: 'string', default: '705' },
    out: { type: 'string' },
    /** What --out wrote of an earlier state of the code. */
    before: { type: 'string' },
    /** Keeps XLA's modules in this folder. */
    modules: { type: 'string' },
  },
});

const requirements = new URL('requirements.txt', import.meta.url);
try {
  work();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function work(): void {
  const sizes = layerShapes[asked.shape];
  if (!sizes) throw new UserError(`--shape must be one of ${Object.keys(layerShapes).join(', ')}; got ${asked.shape}`);
  if (asked.kind !== 'float32' && asked.kind !== 'bfloat16')
    throw new UserError(`--kind must be float32 or bfloat16; got ${asked.kind}`);
  const number = (name: 'rows' | 'rank' | 'dropout' | 'memory' | 'products') => {
    const value = Number(asked[name]);
    const mayBeNone = name === 'rank' || name === 'dropout';
    if (!(value > 0 || (mayBeNone && value === 0)))
      throw new UserError(`--${name} must be a number ${mayBeNone ? 'not below' : 'above'} 0; got ${asked[name]}`);
    return value;
  };
  const rank = number('rank');
  const adapters = { targets: projections, rank, scale: 2, rate: number('dropout') };
  const shape = { ...sizes, weights: asked.kind, wide: asked.kind, adapters: rank > 0 ? adapters : undefined } as const;
  const rates = { bytes: 1e12 * number('memory'), flops: 1e12 * number('products') };
  const before = asked.before === undefined ? undefined : readCosts(asked.before);

  const needs = { name: 'xla', requirements, variable: 'XLA_PYTHON', installSeconds: 600 }; // 0.6 GB come down
  const prepared = preparePython(needs);
  if ('skipped' in prepared) throw new UserError(prepared.skipped);
  const folder = asked.modules ?? mkdtempSync(join(tmpdir(), 'tercet-xla-'));
  try {
    const layer = { shape, lengths: textLengths(asked.lengths, number('rows')) };
    const costs = cardCosts(layer, rates, prepared.python, folder);
    console.log(costTable(costs, before));
    if (asked.out) writeFileSync(asked.out, `${JSON.stringify({ asked, costs }, null, 1)}\n`);
  } finally {
    if (asked.modules === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws UserError where they are of another layer, which nothing can be told by */
function readCosts(file: string): FunctionCost[] {
  const { asked: then, costs } = JSON.parse(readFileSync(file, 'utf8')) as {
    asked: Partial<Record<string, string>>;
    costs: FunctionCost[];
  };
  for (const name of ['shape', 'rows', 'kind', 'rank', 'dropout', 'lengths', 'memory', 'products'] as const)
    if (then[name] !== asked[name])
      throw new UserError(`${file} was written with --${name} ${then[name]}; ask for the same, got ${asked[name]}`);
  return costs;
}
