import assert from 'node:assert/strict';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdapter, writeAdapter } from '../../../checkpoints/adapter/adapter.js';
import { contractHash } from '../../../checkpoints/contract/contractFile.js';
import type { Contract } from '../../../configs/contract.js';
import { UserError } from '../../../configs/userError.js';
import { openEncoder, type EncoderOptions } from '../../../eval/encoder/openEncoder.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose } from '../../assertions.js';
import { writeTinyBase } from '../../tinyRun.js';
import { writeFinishedRun } from '../finishedRun.js';

describe('openEncoder', function () {
  this.timeout(60_000);
  const started = process.cwd();
  let folder: string;
  let contract: Contract;

  before(async () => {
    await startEngine();
    folder = await mkdtemp(join(tmpdir(), 'tercet-'));
    process.chdir(folder); // runs are found below the folder that a command is started in
    symlinkSync(join(started, 'node_modules'), 'node_modules'); // where tokenizer threads look for tsx
    await writeTinyBase('base');
    const { adapter, contract: trained } = await writeFinishedRun(folder, 'first', 'float32');
    contract = trained;
    await writeAdapter('adapter', { ...adapter, base: 'base' }, { contract });
    const { weightsHash: _, ...silent } = adapter;
    await writeAdapter('lent', { ...silent, base: 'some-hub/some-base' });
  });
  after(async () => {
    process.chdir(started);
    await rm(folder, { recursive: true, force: true });
  });

  const float32 = { precision: 'float32' } as const;

  async function embed(model: string, options: EncoderOptions = float32) {
    const { encoder, close } = await openEncoder(model, options);
    const values = await encoder.encode('query', [{ text: 'an owl' }]);
    const identity = encoder.identity();
    await close();
    return { values, contract: encoder.contract, identity };
  }

  async function refusal(model: string, options: EncoderOptions = float32): Promise<string> {
    const error: unknown = await openEncoder(model, options).then(
      () => assert.fail(`${model} was opened`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof UserError, String(error));
    assert.ok(!error.message.includes('\n'), error.message);
    return error.message;
  }

  // Settings could be changed for training alone: another prefix needed a recipe of its own.
  it('changes settings of the recipe that a base goes by, and refuses what would change nothing', async () => {
    const plain = await embed('base:base');
    const { contract: changed, values } = await embed('base:base', {
      ...float32,
      set: ['contract.queryPrefix=Find: '],
    });
    assert.equal(changed.queryPrefix, 'Find: ');
    assert.notDeepEqual(values, plain.values);
    const smaller = await embed('run:first', { set: ['evaluation.batchTokens=2048'] });
    assert.equal(contractHash(smaller.contract), contractHash(contract));
    assert.equal(
      await refusal('run:first', { set: ['contract.queryPrefix=x'] }),
      '--set contract.queryPrefix has no effect on run:first, which has a contract of its own; leave it out',
    );
    assert.match(await refusal('base:base', { set: ['lora.rank=8'] }), /^--set lora\.rank has no effect on encoding; /);
    assert.match(
      await refusal('base:base', { set: ['contract.queryPrefx=8'] }),
      /^unknown setting contract\.queryPrefx/,
    );
  });

  it('gives one adapter the same embeddings as a run, a saved state and a folder, and others than its base', async () => {
    const { values, identity } = await embed('run:first');
    const ofState = await embed('run:first@3');
    assertClose(ofState.values, values, 0);
    assert.equal(ofState.identity, identity);
    assertClose((await embed('adapter')).values, values, 0);
    const ofBase = (await embed('base:base', { ...float32, recipe: 'demo' })).values;
    assert.ok(ofBase.some((value, at) => Math.abs(value - values[at]!) > 1e-3));
  });

  describe('of an adapter', () => {
    // All bases of one size have the same shapes, so a Coder or Math base once passed for the one of training.
    it('refuses a base of the same shapes with other weights', async () => {
      cpSync('base', 'other', { recursive: true });
      const file = 'other/model.safetensors';
      const bytes = await readFile(file);
      const at = bytes.length - 4;
      bytes.writeFloatLE(bytes.readFloatLE(at) + 1, at);
      writeFileSync(file, bytes);
      const message = `the adapter was made for another base (base), not for other: the weights differ`;
      assert.equal(await refusal('adapter', { ...float32, base: 'other' }), message);
    });

    it('says which base it names where there is none of that name', async () => {
      for (const [base, named] of [
        ['', 'which it does not name'],
        ['no such base', 'no such base'],
      ] as const) {
        await writeAdapter('strange', { ...(await readAdapter('adapter')), base });
        assert.equal(
          await refusal('strange'),
          `the base of the adapter strange, ${named}, is not found here; add --base with its name or folder`,
        );
      }
    });

    it('asks for --base where the base it names is not here, and takes that', async () => {
      process.env['HF_HUB_OFFLINE'] = '1';
      process.env['HF_HOME'] = folder;
      assert.match(
        await refusal('lent'),
        /^the base of the adapter lent: some-hub\/some-base is not complete in .*; --base can name another place of it$/,
      );
      delete process.env['HF_HUB_OFFLINE'];
      delete process.env['HF_HOME'];
      const { values } = await embed('lent', { ...float32, recipe: 'demo', base: 'base' });
      assertClose(values, (await embed('adapter')).values, 0);
    });

    // An adapter that changes nothing was scored as its base under a name of its own.
    it('tells that it changes nothing, or lacks a projection that its config names', async () => {
      const read = await readAdapter('adapter');
      const matrices = new Map(read.matrices);
      const [first, second] = [...matrices.keys()];
      matrices.set(first!, { ...matrices.get(first!)!, b: new Float32Array(matrices.get(first!)!.b.length) });
      matrices.delete(second!);
      await writeAdapter('weak', { ...read, matrices }, { contract });
      const config = JSON.parse(await readFile('weak/adapter_config.json', 'utf8')) as object;
      writeFileSync('weak/adapter_config.json', JSON.stringify({ ...config, newer: 1 }));
      const { warnings, close } = await openEncoder('weak', float32);
      await close();
      assert.deepEqual(warnings, [
        'weak/adapter_config.json says newer, which is not known here and is not followed',
        `the adapter of weak: no adapter on ${second}`,
        `the adapter of weak: lora_B is all zero, so nothing was learned, on ${first}`,
      ]);
    });

    it('refuses --base for all but the folder of an adapter', async () => {
      for (const model of ['base:base', 'run:first', 'base'])
        assert.equal(
          await refusal(model, { base: 'base' }),
          `--base has no effect on ${model}, which is not the folder of an adapter; leave it out`,
        );
    });
  });

  describe('with a recipe', () => {
    it('refuses one for what has a contract of its own', async () => {
      for (const model of ['run:first', 'run:first@3', 'adapter'])
        assert.equal(
          await refusal(model, { recipe: 'study' }),
          `--recipe has no effect on ${model}, which has a contract of its own; leave it out`,
        );
    });

    it('gives the same identity under the same contract only, so that results of two never share a folder', async () => {
      const own = await embed('base:base');
      const same = await embed('base:base', { ...float32, recipe: 'study' });
      const other = await embed('base:base', { ...float32, recipe: 'demo' });
      assert.equal(contractHash(same.contract), contractHash(own.contract));
      assert.equal(contractHash(other.contract), contractHash(contract));
      assert.equal(same.identity, own.identity);
      assert.notEqual(other.identity, own.identity);
    });
  });

  // configs/bases/demo once was evaluated instead.
  it('takes a folder for itself when a base has the same name', async () => {
    cpSync('base', 'demo', { recursive: true });
    const { encoder, close } = await openEncoder('demo', float32);
    await close();
    assert.equal(encoder.dimensions, 32); // 192 in the base of the demonstration
  });

  it('refuses a tokenizer with ids that the model has no embedding of', async () => {
    cpSync('base', 'grown', { recursive: true });
    const tokenizer = JSON.parse(await readFile('grown/tokenizer.json', 'utf8')) as {
      added_tokens: Record<string, unknown>[];
    };
    tokenizer.added_tokens.push({ ...tokenizer.added_tokens[0], id: 4099, content: '<|more|>' });
    writeFileSync('grown/tokenizer.json', JSON.stringify(tokenizer));
    assert.equal(
      await refusal('base:grown'),
      "the tokenizer in grown gives ids up to 4099, but the model has embeddings up to 4095 only; put the model's own tokenizer there",
    );
  });

  it('takes over the prompts of a checkpoint that brings no contract', async () => {
    cpSync('base', 'prompted', { recursive: true });
    const prompts = { query: 'find: ', document: '' };
    writeFileSync('prompted/config_sentence_transformers.json', JSON.stringify({ prompts }));
    const { encoder, warnings, close } = await openEncoder('prompted', float32);
    await close();
    assert.deepEqual([encoder.contract.queryPrefix, encoder.contract.passagePrefix], ['find: ', '']);
    assert.deepEqual(warnings, []);
  });

  it('refuses what is no model', async () => {
    mkdirSync('empty');
    assert.match(await refusal('empty'), /^--model must be base:NAME, .*; got empty$/);
    assert.match(await refusal('run:first@4'), /^run first has no saved state of step 4 in /);
  });
});
