import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { UserError } from '../../configs/userError.js';
import { describeMachine } from '../../model/machine.js';
import { encodeAgainst, trainAgainst } from './against/against.js';
import { pagesAgainst } from './against/pagesAgainst.js';
import { measureEncode, measureForward, measureLoad, measureSearch, measureStep } from './measure/measures.js';
import { appendHistory, drift, readHistory, type HistoryLine } from './report/history.js';
import type { PlanChoice } from './worker/jobs.js';
import { parsePool, poolName } from './worker/pool.js';
import { measurePoolMemory } from './measure/poolMemory.js';
import { profileStep } from './measure/profile.js';
import { findPython } from './against/pythonSetup.js';
import { scaleRanks } from './measure/ranks.js';
import { reportText, reportValues, writeReport, type BenchReport } from './report/report.js';
import { gigaflops, type Result } from './report/result.js';
import { scaleLayers, scaleLengths, scalePools, scaleThreads } from './measure/scaling.js';
import { makeSetting, workFolder, type Setting } from './setting/setting.js';
import { shapes } from './setting/shapes.js';
import { measurePeaks, type Peaks } from './measure/timing.js';
import { startTercet } from './worker/workerProcess.js';

type Measure = (setting: Setting, peaks: Peaks) => Promise<Result | undefined>;

const measures: Record<string, Measure> = {
  step: measureStep,
  forward: measureForward,
  encode: measureEncode,
  load: measureLoad,
  search: measureSearch,
  pools: scalePools,
  lengths: scaleLengths,
  layers: scaleLayers,
  threads: scaleThreads,
  ranks: scaleRanks,
  memory: measurePoolMemory,
};
/** What can be set against the other side. */
const compared = ['step', 'encode', 'pages'];

interface Options {
  only: string[] | undefined;
  quick: boolean;
  rounds: number | undefined;
  shape: string;
  layers: number | undefined;
  precision: 'bfloat16' | 'float32';
  pool: string;
  passages: number | undefined;
  'chunk-tokens': number | undefined;
  'memory-megabytes': number | undefined;
  profile: boolean;
  against: 'python' | 'python-sorted' | undefined;
  python: string | undefined;
  output: string;
  history: string | undefined;
  json: boolean;
}

const bench: Command<Options> = {
  name: '$0',
  describe: 'Measure speed and memory of training, encoding, loading and search, each in a process of its own',
  options: (cli) =>
    cli
      .option('only', {
        type: 'string',
        array: true,
        describe: `some of ${Object.keys(measures).join(', ')}, or pages --against python`,
      })
      .option('quick', { type: 'boolean', default: false, describe: 'fewer rounds and points, to see that all works' })
      .option('rounds', { type: 'number', describe: 'of each measurement; 5 unless given, 3 with --quick' })
      .option('shape', {
        choices: [...Object.keys(shapes), 'demo'],
        default: '0.5b',
        describe: 'a size of Qwen2.5 with random weights, or the demonstration',
      })
      .option('layers', { type: 'number', describe: 'so many of its layers; all unless given' })
      .option('precision', { choices: ['bfloat16', 'float32'] as const, default: 'bfloat16' as const })
      .option('pool', { type: 'string', default: '8x64', describe: 'queries x passages of each in a training step' })
      .option('passages', { type: 'number', describe: 'to encode; 5000 unless given, 600 with --quick' })
      .option('chunk-tokens', { type: 'number', describe: 'tokens of a training chunk; training decides unless given' })
      .option('memory-megabytes', {
        type: 'number',
        describe: 'all that a training step may take; what is free unless given',
      })
      .option('profile', { type: 'boolean', default: false, describe: 'say where the time of a training step goes' })
      .option('against', {
        choices: ['python', 'python-sorted'] as const,
        describe: 'take turns with sentence-transformers and PEFT; python-sorted sorts its training texts by length',
      })
      .option('python', { type: 'string', describe: 'an interpreter that has what test/bench/against/python needs' })
      .option('output', { type: 'string', default: join(workFolder, 'report'), describe: 'folder of the report' })
      .option('history', {
        type: 'string',
        describe: 'append the ratios of this run to a file of lines of JSON, and show how they changed',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object last' }),
  examples: [
    ['npm run bench -- --quick --layers 2', 'everything, roughly'],
    ['npm run bench -- --only step --layers 6', 'one training step'],
    ['npm run bench -- --against python --layers 6', 'a training step and encoding beside sentence-transformers'],
    ['npm run bench -- --against python --only pages --layers 3', 'pages as images beside transformers'],
    ['npm run bench -- --profile --layers 2', 'where the time of a step goes'],
  ],
  async handler(options) {
    const { quick, only, against } = options;
    refuseWithoutEffect(options);
    const earlier = options.history === undefined ? [] : readHistory(options.history);
    const rounds = atLeast1('rounds', options.rounds ?? (quick ? 3 : 5));
    const passages = atLeast1('passages', options.passages ?? (quick ? 600 : 5000));
    const setting = await makeSetting({
      shape: options.shape,
      layers: options.layers,
      precision: options.precision,
      rounds,
      isQuick: quick,
      pool: parsePool(options.pool),
      passages,
      plan: planOf(options),
    });
    const report: BenchReport = { facts: await factsOf(setting), results: [] };
    const found = (result: Result | undefined) => {
      if (!result) return;
      report.results.push(result);
      console.log(reportText({ facts: [], results: [result] }));
    };
    for (const [label, value] of report.facts) console.log(`${label}: ${value}`);
    console.log();
    if (options.profile) (await profileStep(setting)).forEach(found);
    else if (against) {
      const python = await findPython(options.python);
      const order = against === 'python-sorted' ? 'sorted' : 'pool';
      if (!only || only.includes('step')) found(await trainAgainst(setting, python, order, tell));
      if (!only || only.includes('encode')) found(await encodeAgainst(setting, python, tell));
      if (only?.includes('pages')) found(await pagesAgainst(setting, python, tell));
    } else {
      const peaks = await measurePeaks(setting);
      const peak = `best product of the model's shapes: ${peaks.bfloat16 ? `${gigaflops(peaks.bfloat16)} GFLOP/s in bfloat16, ` : ''}${gigaflops(peaks.float32)} in float32`;
      report.facts.push(['peak', peak]);
      console.log(`peak: ${peak}\n`);
      for (const [name, measure] of Object.entries(measures)) {
        if (only && !only.includes(name)) continue;
        tell(name);
        found(await measure(setting, peaks));
      }
    }
    const page = await writeReport(options.output, report);
    if (options.history !== undefined) {
      const line = historyLine(report);
      appendHistory(options.history, line);
      tell(drift(earlier, line) ?? `${options.history} has no earlier run of this setting`);
    }
    console.log(options.json ? JSON.stringify(reportValues(report)) : `written: ${page}`);
  },
};

const tell = (line: string) => console.error(line);

/** These give ratios, all that a history keeps. */
const withRatios = ['step', 'forward', 'encode', 'search', 'ranks', 'memory', 'pages'];

/** Facts by which runs are told apart; the others differ from run to run. */
const settingFacts = ['machine', 'instructions', 'engine', 'base', 'texts', 'pool'];

function historyLine({ facts, results }: BenchReport): HistoryLine {
  const told = Object.fromEntries(facts);
  const ratios = results.flatMap(({ name, ratios = {} }) =>
    Object.entries(ratios).map(([what, value]) => [`${name}: ${what}`, value] as const),
  );
  return {
    ...{ date: told['date']!, commit: told['commit']! },
    setting: Object.fromEntries(settingFacts.map((fact) => [fact, told[fact]!])),
    ratios: Object.fromEntries(ratios),
  };
}

function refuseWithoutEffect({ only, against, profile, python, history }: Options): void {
  const known = against ? compared : Object.keys(measures);
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UserError(
      `--only must name some of ${known.join(', ')}${against ? ' with --against' : ''}; got ${unknown}`,
    );
  if (python !== undefined && !against) throw new UserError('--python has no effect without --against; leave it out');
  if (history !== undefined && (profile || (only && !only.some((name) => withRatios.includes(name)))))
    throw new UserError(
      `--history has no effect ${profile ? 'with --profile' : `on ${only!.join(', ')}`}, which gives no ratio; leave it out`,
    );
  if (profile && (against || only))
    throw new UserError(`--${against ? 'against' : 'only'} has no effect with --profile; leave one of them out`);
}

function planOf({ 'chunk-tokens': chunkTokens, 'memory-megabytes': megabytes }: Options): PlanChoice {
  return {
    ...(chunkTokens !== undefined && { chunkTokens: atLeast1('chunk-tokens', chunkTokens) }),
    ...(megabytes !== undefined && { memoryBytes: atLeast1('memory-megabytes', megabytes) * 1e6 }),
  };
}

function atLeast1(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UserError(`--${name} must be a whole number above 0; got ${value}`);
}

async function factsOf(setting: Setting): Promise<[string, string][]> {
  const machine = describeMachine('.');
  const { config } = setting;
  const worker = startTercet();
  const { engine, versions } = await worker
    .ask('open', { base: setting.base, precision: setting.precision })
    .finally(() => worker.close());
  const told = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    ['machine', `${machine.processor}, ${cpus().length} cores${machine.gpus.map((gpu) => `, ${gpu}`).join('')}`],
    ['instructions', machine.instructions.join(', ')],
    ['engine', engine],
    ['versions', told.join(', ')],
    ['commit', commit()],
    ['command', `npm run bench -- ${process.argv.slice(2).join(' ')}`],
    ['base', `${setting.shape}, ${config.layers} layers, hidden ${config.hidden}, ${setting.precision}`],
    ['texts', setting.texts.name],
    ['pool', `${poolName(setting.pool)}, median of ${setting.rounds} rounds`],
    ['date', new Date().toISOString()],
  ];
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? ', changed' : '');
  } catch {
    return 'unknown';
  }
}

await runCommand('npm run bench --', bench);
