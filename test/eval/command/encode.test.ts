import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { homePath } from '../../../configs/cli/homePath.js';
import { tableFromIPC } from 'apache-arrow';
import { stopSignals } from '../../../configs/stopSignals.js';
import { assertClose } from '../../assertions.js';
import { runCommand, startCommand } from '../../runCommand.js';
import { ranksOf } from '../../train/ranks/ranksOf.js';
import { writeTinyBase } from '../../tinyRun.js';

describe('npm run encode', function () {
  this.timeout(240_000); // an encoding must last until it has been interrupted
  let folder: string;
  const place = (name: string) => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-'));
    writeFileSync(place('in.jsonl'), '{"id": "1", "text": "an owl"}\n');
    await writeTinyBase(place('base'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  // Training was refused there; encoding, scoring and mining began work of days.
  it('refuses a large base where the engine could not be set up, before it is downloaded or read', async () => {
    mkdirSync(place('engine'));
    mkdirSync(place('large'));
    const config = JSON.parse(readFileSync(homePath('configs/bases/demo/config.json'), 'utf8')) as object;
    const large = { hidden_size: 896, intermediate_size: 4864, num_hidden_layers: 24 };
    const heads = { num_attention_heads: 14, num_key_value_heads: 2 };
    writeFileSync(place('large/config.json'), JSON.stringify({ ...config, ...large, ...heads }));
    const env = { TERCET_BACKEND: '', TERCET_ENGINE: place('engine'), HF_HOME: place('hub'), HF_HUB_OFFLINE: '1' };
    for (const model of ['base:qwen-0.5b', 'base:large']) {
      const args = ['--model', model, '--input', 'in.jsonl', '--as', 'query', '--output', 'out.arrow'];
      const { code, errors } = await runCommand('eval/command/encode.ts', args, folder, env);
      assert.deepEqual(
        [code, errors],
        [
          2,
          `error: encoding with ${model}, 358 million weights, takes days on WebAssembly, and TensorFlow does not start ` +
            '(the TensorFlow engine is not installed; npm run setup installs it); npm run setup installs it, or let it ' +
            'take that long with TERCET_BACKEND=wasm\n',
        ],
      );
      assert.ok(!existsSync(place('out.arrow')));
    }
  });

  it('says in one line that a process which encodes beside it has died, and does all of it', async () => {
    const texts = Array.from({ length: 1500 }, (_, row) => ({ id: row, text: `owl ${row} `.repeat(60 + (row % 20)) }));
    writeFileSync(place('shared.jsonl'), texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
    const args = ['--model', 'base:base', '--input', 'shared.jsonl', '--as', 'passage', '--output', 'shared.arrow'];
    const { child, finished } = startCommand('eval/command/encode.ts', [...args, '--ranks', '2'], folder);
    let helper: number | undefined;
    while (helper === undefined && child.exitCode === null) {
      [helper] = ranksOf(child.pid!);
      await setTimeout(5);
    }
    process.kill(helper!, 'SIGKILL');
    const { code, errors } = await finished;
    assert.equal(code, 0, errors);
    const told = 'warning: rank 1 of 2 was ended by SIGKILL, as when memory runs out; the others do its part';
    assert.equal(errors.split('\n').filter((line) => line === told).length, 1, errors);
    assert.equal(tableFromIPC(readFileSync(place('shared.arrow'))).numRows, 1500);
    assert.ok(!existsSync(place('shared.arrow.encoding')));
  });

  // Ended by a signal, it lost up to 16,384 texts: hours, with a large model.
  it('keeps what it has when it is asked to end, whichever signal asks, and the same command goes on', async () => {
    const texts = Array.from({ length: 3000 }, (_, row) => ({ id: row, text: `owl ${row} `.repeat(60 + (row % 20)) }));
    writeFileSync(place('many.jsonl'), texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
    const args = ['--model', 'base:base', '--input', 'many.jsonl', '--as', 'passage', '--precision', 'float32'];
    const to = (output: string) => [...args, '--output', output];
    const undisturbed = await runCommand('eval/command/encode.ts', to('whole.arrow'), folder);
    assert.equal(undisturbed.code, 0, undisturbed.errors);
    // How soon there is something to keep, the machine decides. Small steps took a busy one two minutes.
    let pauseMs = 150;
    const interrupt = async (signal: NodeJS.Signals): Promise<string> => {
      const { child, finished } = startCommand('eval/command/encode.ts', to('out.arrow'), folder);
      const claim = place('out.arrow.encoding/claim');
      while (!existsSync(claim) && child.exitCode === null) await setTimeout(5);
      await setTimeout(pauseMs);
      child.kill(signal);
      const { code, errors } = await finished;
      assert.equal(code, 130, errors);
      return errors;
    };
    const longer = (signal: NodeJS.Signals) => {
      pauseMs *= 2;
      return interrupt(signal);
    };
    const doneBefore = (errors: string) => Number(/^(\d+) of 3000 texts were done before$/m.exec(errors)?.[1] ?? 0);
    let done = 0;
    for (const signal of stopSignals) {
      let errors = await interrupt(signal);
      while (errors === '') errors = await longer(signal); // not at work yet
      assert.match(errors, /interrupted: keeping what is done; once more ends at once\n/);
      assert.match(errors, /what is done is kept; the same command goes on from there\n$/);
      const before = doneBefore(errors);
      assert.ok(before >= done, errors);
      done = before;
    }
    while (done === 0) done = doneBefore(await longer('SIGTERM'));
    const last = await runCommand('eval/command/encode.ts', to('out.arrow'), folder);
    assert.equal(last.code, 0, last.errors);
    assert.ok(doneBefore(last.errors) > done, last.errors);
    const numbersOf = (name: string) => {
      const table = tableFromIPC(readFileSync(place(name)));
      return [...table.getChild('embedding')!].flatMap((vector: { toArray(): Float32Array }) => [...vector.toArray()]);
    };
    assertClose(numbersOf('out.arrow'), numbersOf('whole.arrow'), 1e-6);
  });
});
