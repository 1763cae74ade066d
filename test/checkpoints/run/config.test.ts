import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import YAML from 'yaml';
import { readRunConfig, writeRunConfig, type RunRecord } from '../../../checkpoints/run/config.js';
import { parseConfig } from '../../../configs/load/loadConfig.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const record: RunRecord = {
  base: { name: 'demo', folder: '/bases/demo', weightsHash: 'ab' },
  recipe: 'demo',
  data: ['/data/one.arrow', '/data/two.arrow'],
  rows: 40,
  updates: 12,
  settings: parseConfig({ optimizer: { epsilon: 1e-12 }, contract: { queryPrefix: 'Query: ' } }),
};

describe('config.yaml of a run', () => {
  const place = useTemporaryFolder();
  const file = () => place('config.yaml');
  const refused = (message: RegExp) =>
    assert.rejects(readRunConfig(file()), (error: Error) => {
      assert.equal(error.name, 'UserError', error.stack);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'));
      return true;
    });

  it('is read as it was written, and ends with its hash', async () => {
    for (const written of [record, { ...record, adapter: '/adapters/a' }]) {
      await writeRunConfig(file(), written);
      assert.deepEqual(await readRunConfig(file()), written);
      assert.match(await readFile(file(), 'utf8'), /\nhash: [0-9a-f]{64}\n$/);
    }
  });

  it('may be laid out anew, as long as every setting stays', async () => {
    await writeRunConfig(file(), record);
    const { base, ...rest } = YAML.parse(await readFile(file(), 'utf8')) as Record<string, unknown>;
    await writeFile(file(), `# mine\n${YAML.stringify({ ...rest, base })}`);
    assert.deepEqual(await readRunConfig(file()), record);
  });

  it('is refused when a setting was changed by hand', async () => {
    await writeRunConfig(file(), record);
    const text = await readFile(file(), 'utf8');
    assert.match(text, /updates: 12/);
    await writeFile(file(), text.replace('updates: 12', 'updates: 13'));
    await refused(/config\.yaml was changed by hand: .*; put it back, or start a new run with --set$/);
    await writeFile(file(), text.replace(/hash: .*\n/, ''));
    await refused(/was changed by hand/);
  });

  it('is refused in one line when it is no YAML, or no settings', async () => {
    await writeFile(file(), 'base: [1\nrecipe: x\n');
    await refused(/config\.yaml is damaged: .*; put it back, or start a new run$/);
    await writeFile(file(), 'just text');
    await refused(/config\.yaml is damaged: it must hold name: value/);
  });

  // Both ended in a stack: values are made, and hashed, after the parser has found nothing wrong.
  it('is refused in one line when an alias names nothing, or what it stands in', async () => {
    await writeFile(file(), 'base: *nothing\n');
    await refused(/config\.yaml is damaged: .*; put it back, or start a new run$/);
    await writeFile(file(), 'base: &base\n  name: *base\n');
    await refused(/config\.yaml is damaged: an alias names what it stands in; put it back, or start a new run$/);
  });

  it('tells a file that is absent from one that cannot be read', async () => {
    await refused(/config\.yaml does not exist: this run stopped before its first save/);
    await mkdir(file());
    await refused(/^cannot read .*config\.yaml: EISDIR/);
  });
});
