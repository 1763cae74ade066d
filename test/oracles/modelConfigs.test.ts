import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projections } from '../../configs/schema.js';
import { parseConfig } from '../../configs/load/loadConfig.js';
import { projectionShape } from '../../model/layer/decoder.js';
import { modelConfig } from '../../model/modelConfig.js';

/** config.json of the study's checkpoints. */
const folder = join(process.env['ORACLES'] ?? '../shared/data', 'configs');

const files: [file: string, ropeTheta: number][] = [
  ['Qwen2.5-7B.assembled', 1e6],
  ['Qwen2.5-7B-Instruct', 1e6],
  ['Qwen2.5-Coder-7B.assembled', 1e6],
  ['Qwen2.5-Math-7B.assembled', 1e4],
  ['DeepSeek-R1-Distill-Qwen-7B', 1e4],
  ['Qwen2.5-VL-7B-Instruct.assembled', 1e6],
];

describe('the configurations of the 7B checkpoints', () => {
  before(function () {
    if (existsSync(folder)) return;
    console.log(`skipped: no ${folder}`);
    this.skip();
  });

  for (const [name, ropeTheta] of files)
    it(`${name}: the shape, the rotary base, and the 80,740,352 adapter weights that the study trained`, () => {
      const file = join(folder, `${name}.config.json`);
      const config = modelConfig(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>, file);
      assert.deepEqual(config, {
        vocabularySize: 152064,
        hidden: 3584,
        intermediate: 18944,
        layers: 28,
        heads: 28,
        kvHeads: 4,
        headDim: 128,
        ropeTheta,
        normEpsilon: 1e-6,
      });
      const { rank, targets } = parseConfig({}).lora;
      assert.deepEqual(targets, [...projections]);
      const sides = targets.map((target) => projectionShape(config, target)).map(([out, inner]) => out + inner);
      assert.equal(config.layers * rank * sides.reduce((sum, side) => sum + side, 0), 80_740_352);
    });
});
