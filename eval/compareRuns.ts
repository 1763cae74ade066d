import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contractDifferences, readContract } from '../checkpoints/contractFile.js';
import { readRunConfig, type RunRecord } from '../checkpoints/runConfig.js';
import { openRun, type RunFolder } from '../checkpoints/runFolder.js';
import { readLog } from '../checkpoints/runLog.js';
import type { Contract } from '../configs/contract.js';
import { UserError } from '../configs/userError.js';
import { readPerQuery, type PerQuery } from './perQuery.js';
import type { ReportData, ResultRow, TrainingStep } from './reportData.js';
import type { EvaluationSummary } from './scoreModel.js';

export interface Comparison {
  report: ReportData;
  /** Why this is no comparison, one line each; empty where it is one. */
  objections: string[];
}

/**
 * Set runs side by side, each tested against the first. It is a comparison only where the runs differ in their base
 * and what follows from it: tokenizer, BOS and EOS. Otherwise nothing is tested, and the report says why.
 * @param root  folder of all runs
 * @throws UserError when a run is missing or was not evaluated
 */
export async function compareRuns(root: string, names: readonly string[]): Promise<Comparison> {
  if (new Set(names).size < 2 || new Set(names).size < names.length)
    throw new UserError(`compare takes two or more different runs; got ${names.join(' ') || 'none'}`);
  const runs = [];
  for (const name of names) runs.push(await readRun(await openRun(root, name)));
  const objections = [...contractObjections(runs), ...taskObjections(runs)];
  const isComparison = objections.length === 0;
  const contract = runs[0]!.contract;
  const isSameContract = runs.every((run) => contractDifferences(contract, run.contract).length === 0);
  return {
    objections,
    report: {
      title: isComparison ? `Comparison of ${names.length} runs` : 'Side by side, not a comparison',
      warnings: objections,
      facts: [...runs.map(describeRun), ...baseFacts(runs)],
      results: rowsOf(runs),
      steps: [],
      curves: runs.map(({ name, steps }) => ({ name, steps })),
      contract: isSameContract ? contract : null,
      pairs: isComparison ? names.slice(1).map((model) => ({ model, baseline: names[0]! })) : [],
    },
  };
}

interface Evaluated {
  /** `run` for the run itself, else the name of what it was compared with, such as base or bm25. */
  of: string;
  summary: EvaluationSummary;
  perQuery: PerQuery;
}

interface ReadRun {
  name: string;
  contract: Contract;
  record: RunRecord;
  steps: TrainingStep[];
  evaluated: Evaluated[];
}

async function readRun(paths: RunFolder): Promise<ReadRun> {
  const evaluated = await readFolder('run', join(paths.folder, 'eval'));
  if (evaluated.length === 0)
    throw new UserError(
      `run ${paths.name} was not evaluated; npm run eval -- --model run:${paths.name} --tasks NAME does it`,
    );
  const baselines = join(paths.folder, 'baselines');
  for (const name of await namesIn(baselines)) evaluated.push(...(await readFolder(name, join(baselines, name))));
  const log = existsSync(paths.log) ? await readLog(paths.log) : [];
  const steps = log.filter(({ event }) => event === 'step') as unknown as TrainingStep[];
  return {
    name: paths.name,
    contract: await readContract(paths.contract),
    record: await readRunConfig(paths.config),
    steps: steps.map(({ step, loss, learningRate }) => ({ step, loss, learningRate })),
    evaluated,
  };
}

/** @param folder  holds a folder for each task */
async function readFolder(of: string, folder: string): Promise<Evaluated[]> {
  const found: Evaluated[] = [];
  for (const task of await namesIn(folder)) {
    const file = join(folder, task, 'metrics.json');
    if (!existsSync(file)) continue;
    const summary = parseSummary(file, await readFile(file, 'utf8'));
    found.push({ of, summary, perQuery: await readPerQuery(join(folder, task, 'per-query.arrow')) });
  }
  return found;
}

function parseSummary(file: string, text: string): EvaluationSummary {
  try {
    return JSON.parse(text) as EvaluationSummary;
  } catch (error) {
    throw new UserError(`${file} is not JSON (${(error as Error).message}); evaluate again`);
  }
}

const namesIn = async (folder: string) => (existsSync(folder) ? (await readdir(folder)).sort() : []);

/** What follows from the base that a run started from, and may differ. */
const fieldsOfTheBase = new Set<keyof Contract>(['tokenizer', 'bosId', 'eosId']);

function contractObjections([first, ...others]: readonly ReadRun[]): string[] {
  return others.flatMap((other) =>
    contractDifferences(first!.contract, other.contract)
      .filter(({ field }) => !fieldsOfTheBase.has(field))
      .map(
        ({ field, left, right }) =>
          `Not a comparison: ${field} is ${JSON.stringify(left)} in ${first!.name}, ${JSON.stringify(right)} in ${other.name}.`,
      ),
  );
}

function taskObjections([first, ...others]: readonly ReadRun[]): string[] {
  return others.flatMap((other) =>
    ownResults(other).flatMap(({ summary }) => {
      const same = ownResults(first!).find(({ summary: { task } }) => task === summary.task)?.summary;
      if (!same || (same.taskHash === summary.taskHash && same.ignoreIdenticalIds === summary.ignoreIdenticalIds))
        return [];
      return [`Not a comparison: task ${summary.task} was another one for ${first!.name} than for ${other.name}.`];
    }),
  );
}

const ownResults = ({ evaluated }: ReadRun) => evaluated.filter(({ of }) => of === 'run');

function describeRun({ name, record }: ReadRun): [string, string] {
  return [name, `${record.base.name}, recipe ${record.recipe}, ${record.updates.toLocaleString('en-US')} updates`];
}

/** What the bases make different, said though it is allowed. */
function baseFacts([first, ...others]: readonly ReadRun[]): [string, string][] {
  const fields = others.flatMap((other) =>
    contractDifferences(first!.contract, other.contract)
      .map(({ field }) => field)
      .filter((field) => fieldsOfTheBase.has(field)),
  );
  return fields.length === 0 ? [] : [['Contracts differ by base in', [...new Set(fields)].join(', ')]];
}

/** Runs in the order given, then what they were compared with: once where it is the same. */
function rowsOf(runs: readonly ReadRun[]): ResultRow[] {
  const rows = new Map<string, ResultRow>();
  for (const ofRun of [true, false])
    for (const run of runs)
      for (const { of, summary, perQuery } of run.evaluated) {
        if ((of === 'run') !== ofRun) continue;
        const model = of === 'run' ? run.name : of === 'bm25' ? 'BM25' : `${run.record.base.name}, ${of}`;
        const key = JSON.stringify([summary.task, model]);
        if (!rows.has(key)) rows.set(key, { task: summary.task, model, metrics: summary.metrics, perQuery });
      }
  return [...rows.values()];
}
