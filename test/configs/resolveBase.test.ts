import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { namesIn } from '../../configs/names.js';
import { resolveBase } from '../../configs/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';

const refusal = (message: string) => (error: unknown) => {
  assert.ok(error instanceof UserError);
  assert.equal(error.message, message);
  return true;
};

describe('resolveBase', () => {
  const inFolder = useTemporaryFolder();

  it('finds the weights and the recipe of every name in configs/bases/, wherever it is called from', () => {
    assert.ok(namesIn('bases').includes('demo'));
    for (const name of namesIn('bases')) {
      const { folder, recipe } = resolveBase(name);
      assert.ok(isAbsolute(folder));
      assert.ok(namesIn('recipes').includes(recipe), `${name} names the recipe ${recipe}`);
    }
    const { name, folder, recipe } = resolveBase('demo');
    assert.deepEqual({ name, recipe }, { name: 'demo', recipe: 'demo' });
    assert.ok(existsSync(join(folder, 'tokenizer.json')));
  });

  it("takes a folder, is called by its last part, and trains by the study's recipe", async () => {
    await mkdir(inFolder('Qwen2.5-0.5B'));
    const base = { name: 'Qwen2.5-0.5B', folder: inFolder('Qwen2.5-0.5B'), recipe: 'study' };
    assert.deepEqual(resolveBase(inFolder('Qwen2.5-0.5B')), base);
    assert.deepEqual(resolveBase(`${inFolder('Qwen2.5-0.5B')}//`), base);
  });

  it('suggests the near name', () => {
    const message = 'unknown base dmeo, neither a name nor a folder in Hugging Face layout; did you mean demo?';
    assert.throws(() => resolveBase('dmeo'), refusal(message));
  });

  it('says of what can only be a path that it does not exist', () => {
    assert.throws(() => resolveBase('./Qwen2.5'), refusal('base folder ./Qwen2.5 does not exist'));
    assert.throws(() => resolveBase('/a/b/Qwen2.5'), refusal('base folder /a/b/Qwen2.5 does not exist'));
  });

  it('refuses a file', async () => {
    await writeFile(inFolder('model.safetensors'), '');
    assert.throws(() => resolveBase(inFolder('model.safetensors')), UserError);
  });
});
