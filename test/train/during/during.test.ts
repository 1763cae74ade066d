import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapter } from '../../../checkpoints/adapter/adapter.js';
import { adapterHash } from '../../../checkpoints/adapter/adapterHash.js';
import { runFolder, runsRoot } from '../../../checkpoints/run/folder.js';
import { readLog } from '../../../checkpoints/run/log.js';
import { readState, readStateData, stateName } from '../../../checkpoints/run/state.js';
import { stateAdapter } from '../../../checkpoints/run/stateAdapter.js';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import { UserError } from '../../../configs/userError.js';
import { stopSignals } from '../../../configs/stopSignals.js';
import { startEngine, type Engine } from '../../../model/engine/startEngine.js';
import { savedStanding } from '../../../train/during/standing.js';
import { openNewRun } from '../../../train/loop/open/openNewRun.js';
import { openOldRun } from '../../../train/loop/open/openOldRun.js';
import { trainingState } from '../../../train/processes/trainingState.js';
import { workThrough, type Outcome, type Screen } from '../../../train/workThrough.js';
import { swatch } from '../../fixtures/swatch.js';
import { makeTinyRun, tinySettings } from '../../tinyRun.js';

/** Scored after updates 2, 4, ... on 7 of 12 queries; with this base and these settings scores rise and fall. */
const scored = [
  ...['evaluation.everySteps=2', 'evaluation.duringTasks=[./tasks/animals]'],
  ...['evaluation.sampleQueries=7', 'evaluation.sampleDocuments=9'],
];
const best = ['training.keepBest=true', 'training.patience=2'];

const quiet: Screen = {
  ...{ onUpdate: () => {}, onScoring: () => {}, onScores: () => {}, onTrained: () => {} },
  ...{ onProof: () => {}, onEvaluation: () => {}, onWarning: () => {}, onInterrupt: () => {} },
};

/** Stands for a process that is killed: nothing of what it would have done next is done. */
class Killed extends Error {}

describe('a run that is scored while it trains', function () {
  this.timeout(240_000);
  const home = process.cwd();
  let folder: string;
  let engine: Engine;

  before(async () => {
    engine = await startEngine();
    folder = await makeTinyRun();
    process.chdir(folder);
    await train('plain', []);
    await train('scored', scored);
    await train('whole', [...scored, ...best]);
  });
  after(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });

  const begin = (run: string, settings: readonly string[]) => {
    const loaded = loadConfig('demo', [...tinySettings.filter((_, index) => index % 2 === 1).slice(1), ...settings]);
    const asked = { base: resolveBase('./base'), recipe: 'demo', loaded, run, allowContract: [], adapter: undefined };
    return openNewRun(engine, { ...asked, data: [{ path: 'train.arrow', weight: 1 }] });
  };
  const train = async (run: string, settings: readonly string[], screen = quiet): Promise<Outcome> =>
    workThrough(await begin(run, settings), screen);
  const goOn = async (run: string, screenFrom: (update: number) => Screen = () => quiet): Promise<Outcome> => {
    const opened = await openOldRun(engine, run);
    return workThrough(opened, screenFrom(opened.from?.step ?? 0));
  };

  const pathsOf = (run: string) => runFolder(runsRoot, run);
  const logOf = async (run: string) => readLog(pathsOf(run).log);
  const losses = async (run: string) =>
    (await logOf(run)).flatMap(({ event, step, loss }) => (event === 'step' ? [[step, loss]] : []));
  const scores = async (run: string) =>
    (await logOf(run)).flatMap(({ event, step, during }) =>
      event === 'eval' ? [[step, (during as { value: number }).value] as [number, number]] : [],
    );
  const exported = async (run: string) => adapterHash(await readAdapter(pathsOf(run).adapter));
  const statesOf = (run: string) => readdirSync(pathsOf(run).state).map((name) => Number(name.slice('step-'.length)));
  const standingAt = async (run: string, step: number) =>
    savedStanding({ data: await readStateData(join(pathsOf(run).state, stateName(step))) });
  /** What of a run does not depend on when it was interrupted. */
  const outcomeOf = async (run: string) => ({
    ...{ losses: await losses(run), scores: await scores(run), exported: await exported(run) },
    end: (await logOf(run)).flatMap(({ event, step, exported }) => (event === 'end' ? [[step, exported]] : [])),
  });

  it('comes to the same losses and adapter, bit for bit, as one that is not', async () => {
    assert.equal((await losses('plain')).length, 12);
    assert.deepEqual(await losses('scored'), await losses('plain'));
    assert.equal(await exported('scored'), await exported('plain'));
  });

  it('says in log and event file what it was scored on, and leaves no result in the place of that of the task', async () => {
    const said = (await logOf('scored')).filter(({ event }) => event === 'eval');
    assert.deepEqual(
      said.map(({ step }) => step),
      [2, 4, 6, 8, 10, 12],
    );
    for (const { task, during, ...rest } of said) {
      const { hash, value, ...on } = during as Record<string, unknown>;
      assert.deepEqual(on, { task: 'animals', isSample: true, queries: 7, documents: 9, metric: 'ndcg@10' });
      assert.equal(task, `animals sample ${String(hash).slice(0, 8)}`);
      assert.equal(rest['ndcg@10'], value);
    }
    const [file] = readdirSync(pathsOf('scored').tensorboard);
    const events = readFileSync(join(pathsOf('scored').tensorboard, file!), 'latin1');
    assert.match(events, /during\/animals-sample-[0-9a-f]{8}\/ndcg@10/);
    assert.ok(!existsSync(join(pathsOf('scored').folder, 'eval')));
    assert.ok(!existsSync('data/cache/embeddings'), 'embeddings that nobody asks for again were kept');
  });

  it('exports the best state, keeps it beside the last ones, and stops when no better one comes', async () => {
    const values = await scores('whole');
    const highest = values.reduce((one, other) => (other[1] > one[1] ? other : one));
    const last = values.at(-1)![0];
    // Otherwise this test and those below test nothing.
    assert.ok(highest[0] > 2 && last > highest[0] && last < 12, JSON.stringify(values));
    assert.deepEqual((await logOf('whole')).at(-1)!['exported'], highest[0]);
    assert.ok(statesOf('whole').includes(highest[0]) && statesOf('whole').includes(last), String(statesOf('whole')));
    assert.notEqual(await exported('whole'), await exported('plain'));
    const state = await readState(join(pathsOf('whole').state, stateName(highest[0])));
    const like = await readAdapter(pathsOf('whole').adapter);
    assert.equal(await exported('whole'), adapterHash(stateAdapter(state, like)));
    assert.deepEqual(await trainingState('whole'), { kind: 'done' });
  });

  it('ends as the run never stopped, killed after updates, within scorings and after them', async () => {
    await assert.rejects(train('killed', [...scored, ...best], killedAt(1)(0)), Killed);
    for (const moment of [
      1,
      'scoring 2',
      'scores 2',
      5,
      'scores 6',
      'scoring 8',
      9,
      'scoring 10',
      'scores 10',
    ] as const)
      await assert.rejects(goOn('killed', killedAt(moment)), Killed, String(moment));
    await goOn('killed');
    assert.deepEqual(await outcomeOf('killed'), await outcomeOf('whole'));
  });

  it('ends as the run never stopped, interrupted after updates, within scorings and after them', async () => {
    await train('stopped', [...scored, ...best], stoppedAt(1)(0));
    for (const moment of ['scoring 2', 'scores 2', 4, 'scores 4', 'scoring 6', 'scores 6', 8, 9] as const) {
      await goOn('stopped', stoppedAt(moment));
      // What was scored in part is scored again: the state says so.
      if (moment === 'scoring 6') assert.equal((await standingAt('stopped', 6)).scored, 4);
      if (moment === 'scores 6') assert.equal((await standingAt('stopped', 6)).scored, 6);
    }
    await goOn('stopped');
    assert.deepEqual(await outcomeOf('stopped'), await outcomeOf('whole'));
  });

  it('goes on from an older state when the newest is damaged, and still has its best', async () => {
    await train('damaged', [...scored, ...best, 'training.keepStates=2']);
    const [newest] = statesOf('damaged').sort((one, two) => two - one);
    writeFileSync(join(pathsOf('damaged').state, stateName(newest!), 'state.safetensors'), 'damaged');
    await goOn('damaged');
    assert.deepEqual(await outcomeOf('damaged'), await outcomeOf('whole'));
    const newestTwo = statesOf('whole')
      .sort((one, two) => one - two)
      .slice(-2);
    for (const step of newestTwo) {
      const { best } = await standingAt('whole', step);
      assert.ok(statesOf('whole').includes(best!.update), `the best that state ${step} tells of is gone`);
    }
  });

  it('does not go on when the task it was scored on is another', async () => {
    await train('edited', [...scored, ...best], stoppedAt(4)(0));
    const file = 'tasks/animals/corpus.jsonl';
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, before.replaceAll('is an animal', 'is a beast'));
    await assert.rejects(openOldRun(engine, 'edited'), {
      name: 'UserError',
      message:
        'the data of task animals, which run edited is scored on while it trains, is not what it was; put the old data ' +
        'back, or start a new run',
    });
    writeFileSync(file, before);
    await goOn('edited');
    assert.deepEqual(await outcomeOf('edited'), await outcomeOf('whole'));
  });

  it('says before anything is made that a task is not there', async () => {
    await assert.rejects(begin('nowhere', ['evaluation.everySteps=2', 'evaluation.duringTasks=[scifact]']), {
      name: 'UserError',
      message: /^the data of task scifact is not complete: .*npm run data -- download scifact/,
    });
    assert.ok(!existsSync(pathsOf('nowhere').folder));
  });

  // It trained, and ended at its first scoring; the updates since the state saved last were lost, and --resume ended alike.
  it('says before anything is made that a task has images, which it would not read', async () => {
    writeFileSync('page.png', (await swatch(1)).bytes);
    cpSync('tasks/animals', 'tasks/pages', { recursive: true });
    const lines = readFileSync('tasks/pages/corpus.jsonl', 'utf8').trim().split('\n');
    const shown = lines.map(
      (line) => `${JSON.stringify({ ...(JSON.parse(line) as object), image: '../../page.png' })}\n`,
    );
    writeFileSync('tasks/pages/corpus.jsonl', shown.join(''));
    const during = ['evaluation.everySteps=2', 'evaluation.duringTasks=[./tasks/pages]'];
    for (const [setting, settings] of Object.entries({
      duringTasks: during,
      tasks: ['evaluation.tasks=[./tasks/pages]'],
    }))
      await assert.rejects(begin('pages', settings), {
        name: 'UserError',
        message:
          `evaluation.${setting} names pages, which has images, and a run on training data without images reads none; ` +
          "leave it out, say images: ignore in the task's YAML file, or train on data with images",
      });
    assert.ok(!existsSync(pathsOf('pages').folder));
  });

  it('keeps the updates that were made where a scoring cannot be', async () => {
    const cannot = at('scoring 4', () => {
      throw new UserError('the corpus cannot be read');
    });
    await assert.rejects(
      train('unscored', [...scored, ...best, 'training.saveEverySteps=12'], cannot(0)),
      /cannot be read/,
    );
    assert.ok(statesOf('unscored').includes(4), String(statesOf('unscored')));
    await goOn('unscored');
    assert.deepEqual((await outcomeOf('unscored')).losses, (await outcomeOf('whole')).losses);
  });

  /** An update, or something that happens in or after the scoring that follows it. */
  type Moment = number | `scoring ${number}` | `scores ${number}`;
  const at =
    (moment: Moment, act: () => void) =>
    (from: number): Screen => {
      let last = from; // a run that goes on may begin with a scoring
      return {
        ...quiet,
        onUpdate: ({ update }) => void ((last = update), moment === update && act()),
        onScoring: (_, done) => void (done > 0 && moment === `scoring ${last}` && act()),
        onScores: (update) => void (moment === `scores ${update}` && act()),
      };
    };
  const killedAt = (moment: Moment) =>
    at(moment, () => {
      throw new Killed();
    });
  const stoppedAt = (moment: Moment) => at(moment, () => process.emit(stopSignals[1]));
});
