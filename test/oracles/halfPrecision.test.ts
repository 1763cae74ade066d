import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeChunk } from '../../model/pass/encodeChunk.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { tf } from '../../model/engine/tf.js';
import { loadModel } from '../../model/load/loadModel.js';
import { disposeModel, type Model } from '../../model/layer/decoder.js';
import { atOnce } from '../../model/pass/stepwise.js';
import { disposePadded, runPadded } from '../../model/pass/paddedPass.js';
import { unitRows } from '../../model/layer/unitRows.js';

/** Tiny random replicas of the study's eight bases with their embeddings by PyTorch in float32. */
const folder = join(process.env['ORACLES'] ?? '../shared/data', 'oracles/replicas');

interface Text {
  token_ids: number[];
  embedding: number[];
}

/** The second way rounds the inputs and results of every product too; it is how a GPU computes. */
const ways = { 'as encoding does': encodeChunk, 'in products of two bytes': encodePadded };

describe('replicas of the eight bases with weights of two bytes against PyTorch in float32', function () {
  before(async function () {
    if (!existsSync(folder)) {
      console.log(`skipped: no replicas at ${folder}`);
      this.skip();
    }
    await startEngine();
  });

  for (const precision of ['bfloat16', 'float16'] as const)
    describe(`in ${precision}`, () => {
      before(async function () {
        const { name, precisions } = await startEngine();
        if (precisions.includes(precision)) return;
        console.log(`skipped: the ${name} engine does not offer ${precision}`);
        this.skip();
      });

      for (const base of existsSync(folder) ? readdirSync(folder) : [])
        it(`${base} gives embeddings of cosine 0.999 and more`, async () => {
          const home = join(folder, base);
          const texts = JSON.parse(readFileSync(join(home, 'expected/embeddings.json'), 'utf8')) as {
            queries: Text[];
            passages: Text[];
          };
          const model = await loadModel(home, precision);
          for (const [way, encode] of Object.entries(ways))
            for (const kind of ['queries', 'passages'] as const)
              assertCosines(encode(model, texts[kind].map(tokens)), texts[kind], `${kind} ${way}`);
          disposeModel(model);
        });
    });
});

const tokens = ({ token_ids }: Text) => Int32Array.from(token_ids);

function encodePadded(model: Model, texts: Int32Array[]): tf.Tensor2D {
  const run = atOnce(runPadded(model, texts, {}));
  const embeddings = unitRows(run.states.at(-1)!, model);
  disposePadded(run);
  return embeddings;
}

/** Frees the embeddings. */
function assertCosines(embeddings: tf.Tensor2D, texts: Text[], what: string): void {
  const found = embeddings.dataSync();
  texts.forEach(({ embedding }, row) => {
    const start = row * embedding.length;
    const cosine = embedding.reduce((sum, value, column) => sum + value * found[start + column]!, 0);
    assert.ok(cosine >= 0.999, `${what}, text ${row}: cosine ${cosine}`);
  });
  embeddings.dispose();
}
