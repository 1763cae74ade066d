import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homePath } from '../../../configs/cli/homePath.js';
import { runCommand } from '../../runCommand.js';

describe('npm run encode', function () {
  this.timeout(120_000);
  let folder: string;
  const place = (name: string) => join(folder, name);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-'));
    writeFileSync(place('in.jsonl'), '{"id": "1", "text": "an owl"}\n');
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
});
