import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose } from '../../assertions.js';
import { imageSettings, writeImageRows } from '../../fixtures/writeImageRows.js';
import { runCommand } from '../../runCommand.js';

describe('a run over texts and images that ranks share', function () {
  this.timeout(300_000); // three processes start TensorFlow and train
  let folder: string;
  before(async function () {
    if ((await startEngine()).name !== 'tensorflow') {
      console.log('skipped: the TensorFlow engine is not installed');
      return this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'tercet-ranks-'));
    await writeImageRows(folder);
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  const runOf = async (run: string, ...more: string[]) => {
    const settings = [...imageSettings, 'lora.tower=true', 'training.gradientShare=0.9', 'training.saveEverySteps=2'];
    const started = ['--base', 'base', '--recipe', 'demo', '--data', 'rows.arrow', '--set', ...settings];
    const { code, errors } = await runCommand('train/command.ts', [...started, '--run', run, ...more], folder);
    assert.equal(code, 0, errors);
    const files = join(folder, 'checkpoints/runs', run);
    const lines = readFileSync(join(files, 'log.jsonl'), 'utf8').trim().split('\n');
    const steps = lines.map((line) => JSON.parse(line) as { event: string; loss: number });
    const losses = steps.filter(({ event }) => event === 'step').map(({ loss }) => loss);
    return { losses, adapter: (await readAdapter(join(files, 'adapter'))).matrices };
  };

  // An image may stand in texts of several ranks, and a rank may have none: each sends through the tower what its texts show.
  it('has the losses and the adapter of one process, in the vision tower too', async () => {
    const [two, one] = [await runOf('two', '--ranks', '2'), await runOf('one')];
    assert.equal(two.losses.length, 4);
    assertClose(two.losses, one.losses, 1e-5, 'loss of update');
    assert.deepEqual([...two.adapter.keys()], [...one.adapter.keys()]);
    assert.ok([...two.adapter.keys()].some((name) => name.startsWith('visual.')));
    for (const [name, { a, b }] of two.adapter) {
      assertClose(a, one.adapter.get(name)!.a, 1e-4, name);
      assertClose(b, one.adapter.get(name)!.b, 1e-4, name);
    }
  });
});
