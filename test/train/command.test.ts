import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter } from '../../checkpoints/adapter/adapter.js';
import { readLog } from '../../checkpoints/run/log.js';
import type { Contract } from '../../configs/contract.js';
import { createExampleWriter } from '../../data/arrow/writeExamples.js';
import { startEngine } from '../../model/engine/startEngine.js';
import { engineFolder } from '../../setup/folder/engineFolder.mjs';
import { assertClose, assertCloseToLargest } from '../assertions.js';
import { runCommand, startCommand } from '../runCommand.js';
import { makeTinyRun, tinySettings } from '../tinyRun.js';
import { unusable } from './unusable.js';

const command = 'train/command.ts';

describe('npm run train', function () {
  this.timeout(120_000); // commands start again and again, each with an engine
  let folder: string;
  const settings = [...tinySettings, '--set', 'training.gradientShare=0.8'];
  const started = ['--base', 'base', '--data', 'train.arrow', ...settings];
  const at = (...names: string[]) => join(folder, 'checkpoints/runs', ...names);
  const train = (...args: string[]) => runCommand(command, args, folder);

  before(async () => {
    await startEngine();
    folder = await makeTinyRun();
    const { code, errors } = await train(...started, '--run', 'whole');
    assert.equal(code, 0, errors);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The steps of a run as its log tells them, without what depends on the clock. */
  const steps = (run: string) =>
    readFileSync(at(run, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === 'step')
      .map(({ step, loss, gradNorm, learningRate, tokens, masked }) => ({
        step,
        loss,
        gradNorm,
        learningRate,
        tokens,
        masked,
      }));
  const adapterBytes = (run: string) => readFileSync(at(run, 'adapter/adapter_model.safetensors'));
  const assertSameAsWhole = (run: string) => {
    assert.deepEqual(steps(run), steps('whole'));
    assert.ok(adapterBytes(run).equals(adapterBytes('whole')), 'the adapters differ');
  };

  /** Start a run and kill the process as soon as `when` holds. */
  async function killWhen(args: string[], when: () => boolean, signal: NodeJS.Signals = 'SIGKILL') {
    const { child, finished } = startCommand(command, args, folder);
    const timer = setInterval(() => {
      if (!when()) return;
      clearInterval(timer);
      child.kill(signal);
    }, 1);
    return finished.finally(() => clearInterval(timer));
  }
  const stepsLogged = (run: string) =>
    existsSync(at(run, 'log.jsonl'))
      ? readFileSync(at(run, 'log.jsonl'), 'utf8').split('"event":"step"').length - 1
      : 0;

  it('leaves the run folder that the design names', () => {
    for (const name of [
      'config.yaml',
      'contract.json',
      'log.jsonl',
      'tensorboard',
      'state',
      'adapter',
      'report.html',
      'report.json',
    ])
      assert.ok(existsSync(at('whole', name)), name);
    assert.deepEqual(readdirSync(at('whole/state')).sort(), ['step-000009', 'step-000012']);
    assert.equal(steps('whole').length, 12);
  });

  it('learns: the loss of the last updates is below that of the first', () => {
    const losses = steps('whole').map(({ loss }) => loss as number);
    const mean = (some: number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    assert.ok(mean(losses.slice(-4)) < mean(losses.slice(0, 4)), losses.join(' '));
  });

  // Dropout masks once hung on the chunks, and so the model on how much memory was free.
  it('comes to the same losses and adapter in chunks of another size, on another engine too', async () => {
    const { matrices } = await readAdapter(at('whole/adapter'));
    for (const [run, backend] of [
      ['small', process.env['TERCET_BACKEND'] ?? 'tensorflow'],
      ['small-wasm', 'wasm'],
    ] as const) {
      const args = [...started, '--set', 'training.chunkTokens=24', '--run', run];
      const { code, errors } = await runCommand(command, args, folder, { TERCET_BACKEND: backend });
      assert.equal(code, 0, errors);
      const losses = (of: string) => steps(of).map(({ loss }) => loss as number);
      assertClose(losses(run), losses('whole'), 2e-4, `loss of ${run} after update`);
      for (const [name, { a, b }] of (await readAdapter(at(run, 'adapter'))).matrices) {
        assertCloseToLargest(a, matrices.get(name)!.a, 1e-2, `${run}, A of ${name}`);
        assertCloseToLargest(b, matrices.get(name)!.b, 1e-2, `${run}, B of ${name}`);
      }
    }
  });

  it('says what a pool and an update are made of', async () => {
    const { errors } = await train('--run', 'whole', '--resume');
    assert.match(errors, /4 queries x 12 passages: 1 positive, 2 own and 9 other negatives a query/);
    assert.match(errors, /2 pools = 8 queries; still 11 negatives a query/);
  });

  it('goes on after kill -9 within a step and again after SIGTERM and SIGHUP, to the same losses and the same adapter', async () => {
    await killWhen([...started, '--run', 'killed'], () => stepsLogged('killed') >= 4);
    assert.ok(stepsLogged('killed') < 12, 'the kill came too late to test anything');
    const second = await killWhen(['--run', 'killed', '--resume'], () => stepsLogged('killed') >= 7, 'SIGTERM');
    assert.equal(second.code, 130, second.errors);
    assert.match(second.errors, /--run killed --resume/);
    // A closed terminal ended the process at once, and what was done since the last save was lost.
    const third = await killWhen(['--run', 'killed', '--resume'], () => stepsLogged('killed') >= 10, 'SIGHUP');
    assert.equal(third.code, 130, third.errors);
    assert.equal((await train('--run', 'killed', '--resume')).code, 0);
    assertSameAsWhole('killed');
  });

  // Twenty rows with one passage for all ended in a stack, after all training.
  it('says in one line, as soon as it shows, that nothing can be learned from the data', async () => {
    const writer = await createExampleWriter(join(folder, 'same.arrow'));
    const same = { id: 'same', title: '', text: 'same' };
    for (let row = 0; row < 20; row++)
      await writer.write({ id: `${row}`, query: `query ${row}`, positives: [same], negatives: [same, same] });
    await writer.close();
    const { code, errors } = await train('--base', 'base', '--data', 'same.arrow', ...tinySettings, '--run', 'same');
    assert.match(errors, /\nerror: the first 10 updates had no gradient: within a pool all passages are alike, or /);
    assert.equal(code, 2);
    assert.equal(stepsLogged('same'), 9);
  });

  it('says in one line that training changed nothing', async () => {
    const idle = [...started, '--set', 'optimizer.learningRate=1e-9', '--set', 'training.steps=3'];
    const { code, errors } = await train(...idle, '--run', 'idle');
    assert.match(errors, /\nerror: training changed nothing: [^\n]*; raise optimizer\.learningRate or the number of/);
    assert.equal(code, 2);
  });

  it('goes on without --resume where the same command is given again', async () => {
    await killWhen([...started, '--run', 'again'], () => stepsLogged('again') >= 4);
    assert.ok(stepsLogged('again') < 12, 'the kill came too late to test anything');
    const { code, errors } = await train(...started, '--run', 'again');
    assert.equal(code, 0, errors);
    assert.match(errors, /resume {2}after update [36] of 12/);
    assertSameAsWhole('again');
  });

  // A run killed before its settings were written once stood in the way of the same command for ever.
  it('begins anew where a run died before its settings were written', async () => {
    mkdirSync(at('aborted'), { recursive: true });
    writeFileSync(at('aborted/contract.json'), '{}');
    const { code, errors } = await train(...started, '--run', 'aborted');
    assert.equal(code, 0, errors);
    assertSameAsWhole('aborted');
  });

  it('goes on after kill -9 while a state is saved', async () => {
    const isSaving = () =>
      existsSync(at('saving/state')) && readdirSync(at('saving/state')).some((name) => name.includes('partial'));
    await killWhen([...started, '--run', 'saving'], isSaving);
    assert.equal((await train('--run', 'saving', '--resume')).code, 0);
    assertSameAsWhole('saving');
  });

  it('goes on after kill -9 while the adapter is exported', async () => {
    const isExporting = () => existsSync(at('exporting/adapter')) && readdirSync(at('exporting/adapter')).length > 0;
    await killWhen([...started, '--run', 'exporting'], isExporting);
    assert.equal((await train('--run', 'exporting', '--resume')).code, 0);
    assertSameAsWhole('exporting');
  });

  it('does not go on with a training file in which one word was changed', async () => {
    const file = join(folder, 'edited.arrow');
    cpSync(join(folder, 'train.arrow'), file);
    const args = ['--base', 'base', '--data', 'edited.arrow', ...tinySettings];
    assert.equal((await train(...args, '--run', 'edited')).code, 0);
    const bytes = readFileSync(file);
    const place = bytes.indexOf('animal');
    assert.ok(place > 0, 'the file does not hold its words as they are');
    bytes.write('mineral'.slice(0, 6), place);
    writeFileSync(file, bytes);
    const { code, errors } = await train('--run', 'edited', '--resume');
    assert.match(
      errors,
      /error: the training file .*edited\.arrow is not what it was when run edited began; put the old/,
    );
    assert.equal(code, 2);
  });

  // A run went on with WebAssembly by itself where TensorFlow could not be set up, and its losses parted unseen.
  it('goes on with another engine only where that is allowed by name, and logs it', async function () {
    this.timeout(240_000);
    const other = process.env['TERCET_BACKEND'] === 'wasm' ? 'tensorflow' : 'wasm';
    if (other === 'tensorflow' && !existsSync(engineFolder().bindingRecord)) this.skip();
    await killWhen([...started, '--run', 'moved'], () => stepsLogged('moved') >= 4, 'SIGTERM');
    const onOther = (...args: string[]) =>
      runCommand(command, ['--run', 'moved', '--resume', ...args], folder, { TERCET_BACKEND: other });
    const before = readFileSync(at('moved/log.jsonl'), 'utf8');
    const refused = await onOther();
    assert.match(
      refused.errors,
      new RegExp(`\nerror: run moved was computed by [^\n]*, and here ${other} [^\n]*--allow-engine ${other}\n$`),
    );
    assert.equal(refused.code, 2);
    assert.equal(readFileSync(at('moved/log.jsonl'), 'utf8'), before);
    const gone = await onOther('--allow-engine', other);
    assert.equal(gone.code, 0, gone.errors);
    const said = (await readLog(at('moved/log.jsonl'))).filter(({ event }) => event === 'warning');
    assert.match(String(said.at(-1)?.['text']), new RegExp(`and goes on with ${other} .* as allowed`));
    // Its states are the other engine's now: the first one is refused in turn.
    const back = await train('--run', 'moved', '--resume');
    assert.match(back.errors, new RegExp(`\nerror: run moved was computed by ${other} `));
  });

  it('starts from an adapter and keeps its rank', async () => {
    const { code, errors } = await train(...started, '--adapter', at('whole/adapter'), '--run', 'second');
    assert.equal(code, 0, errors);
    assert.match(readFileSync(at('second/config.yaml'), 'utf8'), /rank: 16/);
    assert.notEqual(steps('second')[0]!.loss, steps('whole')[0]!.loss);
  });

  it('starts from an adapter of another contract where each difference is allowed by name', async () => {
    const asked = [...started, '--adapter', at('whole/adapter'), '--set', 'contract.queryPrefix=Question:'];
    const { code, errors } = await train(...asked, '--allow-contract', 'queryPrefix', '--run', 'asked-otherwise');
    assert.equal(code, 0, errors);
    assert.match(errors, /warning: the adapter .* was made under another contract: queryPrefix .*, not "Question:"/);
  });

  // Prompts of a base were followed when it was scored and not when it was trained: two contracts for one checkpoint.
  it('puts the prompts of a base before its texts, says so, and goes on with them when given again', async () => {
    cpSync(join(folder, 'base'), join(folder, 'prompted'), { recursive: true });
    const prompts = { query: 'find: ', document: '' };
    writeFileSync(join(folder, 'prompted/config_sentence_transformers.json'), JSON.stringify({ prompts }));
    const asked = ['--base', 'prompted', ...started.slice(2), '--set', 'training.steps=3', '--run', 'prompted'];
    const { code, errors } = await train(...asked);
    assert.equal(code, 0, errors);
    assert.match(errors, /warning: the prompts of the base are put before texts: queryPrefix "find: ", not "Query:"; /);
    const { queryPrefix, passagePrefix } = JSON.parse(readFileSync(at('prompted/contract.json'), 'utf8')) as Contract;
    assert.deepEqual([queryPrefix, passagePrefix], ['find: ', '']);
    const again = await train(...asked);
    assert.equal(again.code, 0, again.errors);
    const stated = await train(...asked, '--set', 'contract.queryPrefix=Query:');
    assert.match(stated.errors, /contract\.queryPrefix was "find: " and is "Query:"/);
  });

  it('tells where a base was made under another contract', async () => {
    cpSync(join(folder, 'base'), join(folder, 'contracted'), { recursive: true });
    cpSync(at('whole/contract.json'), join(folder, 'contracted/contract.json'));
    const asked = ['--base', 'contracted', ...started.slice(2), '--set', 'training.steps=3'];
    const { code, errors } = await train(...asked, '--set', 'contract.queryPrefix=Question:', '--run', 'contracted');
    assert.equal(code, 0, errors);
    assert.match(
      errors,
      /warning: the base .*contracted was made under another contract .*: queryPrefix "Query:", not "Question:"\n/,
    );
  });

  // It was recorded by its path alone: replaced before the first save, the run went on from another adapter.
  it('goes on from the adapter that it began with, or not at all', async () => {
    const copy = join(folder, 'start');
    cpSync(at('whole/adapter'), copy, { recursive: true });
    const hasBegun = () => existsSync(at('replaced/config.yaml'));
    await killWhen([...started, '--adapter', copy, '--run', 'replaced'], hasBegun);
    assert.ok(!existsSync(at('replaced/state')) || readdirSync(at('replaced/state')).length === 0);
    const file = join(copy, 'adapter_model.safetensors');
    const bytes = readFileSync(file);
    bytes.writeFloatLE(0.5, bytes.length - 4);
    writeFileSync(file, bytes);
    const { code, errors } = await train('--run', 'replaced', '--resume');
    assert.equal(code, 2, errors);
    assert.match(errors, /error: the adapter .*start is not what it was when run replaced began/);
  });

  it('scores, encodes and exports what it trained', async () => {
    const tasks = ['--tasks', 'animals', '--tasks-dir', 'tasks'];
    const scored = await runCommand('eval/command.ts', ['--model', 'run:whole', ...tasks, '--json'], folder);
    assert.equal(scored.code, 0, scored.errors);
    const { results } = JSON.parse(scored.output.trim().split('\n').at(-1)!) as { results: { metrics: object }[] };
    assert.deepEqual(Object.keys(results[0]!.metrics), ['ndcg@10', 'mrr@10', 'recall@100']);
    assert.ok(existsSync(at('whole/eval/animals/run.trec')));
    const step = await runCommand('eval/command.ts', ['--model', 'run:whole@9', ...tasks], folder);
    assert.equal(step.code, 0, step.errors);
    for (const as of ['peft', 'merged', 'sentence-transformers']) {
      const dtype = as === 'peft' ? [] : ['--dtype', 'float32'];
      const exported = await runCommand(
        'eval/command/export.ts',
        ['whole', '--as', as, '--output', as, ...dtype],
        folder,
      );
      assert.equal(exported.code, 0, exported.errors);
      assert.match(exported.errors, /cosine at least 1\.000000|cosine at least 0\.99999\d/);
    }
  });

  it('ends with one line before it begins when a training row has no positives, and leaves no run behind', async () => {
    const writer = await createExampleWriter(join(folder, 'empty.arrow'));
    await writer.write({ id: 'row-x', query: 'what is nothing', positives: [], negatives: [] });
    await writer.close();
    const { code, errors } = await train('--base', 'base', '--data', 'empty.arrow', ...tinySettings, '--run', 'empty');
    assert.equal(code, 2, errors);
    assert.match(errors.trim().split('\n').at(-1)!, /^error: empty\.arrow.*row 1.*positive/);
    assert.ok(!existsSync(at('empty')));
  });

  describe('given what it cannot use, ends with exit code 2 and one line that names it', () => {
    for (const [what, args, message] of unusable(() => folder, started)) {
      it(what, async () => {
        const runs = readdirSync(at());
        const { code, output, errors } = await train(...args());
        const lines = errors
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith('engine '));
        assert.match(lines.join('\n'), message);
        assert.equal(lines.length, 1, errors);
        assert.equal(code, 2);
        assert.equal(output, '');
        assert.deepEqual(readdirSync(at()), runs, 'something was written');
      });
    }
  });
});
