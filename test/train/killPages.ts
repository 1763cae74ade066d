/**
 * Run by hand: `node --import tsx test/train/killPages.ts KILLS SEED`. Drawn pages are imported, trained on with the tower
 * learning, and encoded; each command is killed (SIGKILL) at a random moment and given again, until each has come through so
 * many of these. Whenever one ends, its file must hold the bytes of a command that was never touched.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pageFonts } from '../../data/demonstration/pages/fonts.js';
import { pagePairs } from '../../data/demonstration/pages/pagePairs.js';
import { renderPage } from '../../data/demonstration/pages/renderPage.js';
import { seededRandom } from '../../data/random.js';
import { startCommand } from '../runCommand.js';

const [kills = 10, seed = 1] = process.argv.slice(2).map(Number);
const random = seededRandom('kill pages', seed);
const folder = mkdtempSync(join(tmpdir(), 'kill-pages-'));
await writePages();

const training =
  '--base demo-vl --data whole.arrow --set lora.tower=true --set lora.dropout=0.1 --set training.steps=9 ' +
  '--set schedule.warmupSteps=2 --set training.queriesPerPool=16 --set training.saveEverySteps=2 --set evaluation.tasks=[]';
const encoding = 'eval/command/encode.ts --model base:demo-vl --input pages.jsonl --as passage --output';
/** What is written under a name, the command that writes it, and the one that goes on where that was killed. */
const kinds: Record<string, { files(name: string): string[]; command(name: string): string }> = {
  import: {
    files: (name) => [`${name}.arrow`, `${name}.images.arrow`],
    command: (name) => `data/command.ts import rows.jsonl --output ${name}.arrow`,
  },
  training: {
    files: (name) => [`checkpoints/runs/${name}/adapter/adapter_model.safetensors`],
    command: (name) => `train/command.ts ${training} --run ${name}`,
  },
  encoding: { files: (name) => [`${name}.vectors.arrow`], command: (name) => `${encoding} ${name}.vectors.arrow` },
};

for (const [kind, { files, command }] of Object.entries(kinds)) {
  const contents = (name: string) => files(name).map((file) => readFileSync(join(folder, file)));
  const begin = (name: string) => {
    const [file, ...args] = command(name).split(' ');
    return startCommand(file!, args, folder);
  };
  const begunMs = Date.now();
  const { code, errors } = await begin('whole').finished;
  assert.equal(code, 0, errors);
  const wholeMs = Date.now() - begunMs;
  for (let [killed, round] = [0, 0]; killed < kills; round++) {
    for (let isEnded = false; !isEnded;) {
      const { child, finished } = begin(`round-${round}`);
      const moment = new AbortController();
      if (killed < kills)
        void setTimeout(random() * wholeMs, undefined, { signal: moment.signal }).then(
          () => child.kill('SIGKILL'),
          () => {},
        );
      const { code, errors } = await finished;
      moment.abort();
      assert.ok(code === 0 || code === null, errors);
      isEnded = code === 0;
      if (!isEnded) killed++;
    }
    assert.deepEqual(contents(`round-${round}`), contents('whole'), `${kind} ${round}`);
    console.log(`${kind}: ${killed} of ${kills} kills, the same bytes`);
  }
}
rmSync(folder, { recursive: true });

/** Rows with pages to import, and pages to encode. */
async function writePages(): Promise<void> {
  const { train } = pagePairs(pageFonts(), { train: 600, test: 1 });
  for (const { id, page } of train) writeFileSync(join(folder, `${id}.png`), await renderPage(page));
  const lines = (of: (pair: (typeof train)[number]) => unknown) =>
    train.map((pair) => `${JSON.stringify(of(pair))}\n`).join('');
  writeFileSync(
    join(folder, 'rows.jsonl'),
    lines(({ id, query }) => ({ query, positive: { image: `${id}.png` }, negative: [] })),
  );
  writeFileSync(
    join(folder, 'pages.jsonl'),
    lines(({ id }) => ({ _id: id, image: `${id}.png` })),
  );
}
