import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readContract } from '../../../checkpoints/contract/contractFile.js';
import { readRunConfig, type RunRecord } from '../../../checkpoints/run/config.js';
import { openRun, type RunFolder } from '../../../checkpoints/run/folder.js';
import { readLog, type LogEvent } from '../../../checkpoints/run/log.js';
import type { Contract } from '../../../configs/contract.js';
import { suggest } from '../../../configs/load/suggest.js';
import { UserError } from '../../../configs/userError.js';
import { readPerQuery, type PerQuery } from '../../measure/perQuery.js';
import { metricsFile, type EvaluationSummary } from '../../score/scoreModel.js';

/** The results of one model on one task. */
export interface Evaluated {
  /** `run` for the model itself, else the name of what its run was compared with, such as base or bm25. */
  of: string;
  folder: string;
  summary: EvaluationSummary;
  perQuery: PerQuery;
}

/** A run, or a model that was only evaluated, as it lies on the disk. */
export interface ReadModel {
  name: string;
  /** Null where it is no run. */
  record: RunRecord | null;
  contract: Contract | null;
  log: LogEvent[];
  evaluated: Evaluated[];
}

/** Where runs and results without a run lie. */
export interface Places {
  runs: string;
  evaluations: string;
}

/**
 * Read what a name stands for: a run, as `NAME` or `run:NAME`; a folder of results that `npm run eval` left in
 * checkpoints/evaluations/; or the path of such a folder.
 * @throws UserError when there is none, or it was not evaluated
 */
export async function readModel(places: Places, name: string): Promise<ReadModel> {
  const run = name.replace(/^run:/, '');
  if (/^[\w.-]+$/.test(run) && existsSync(join(places.runs, run))) return readRun(await openRun(places.runs, run));
  const evaluations = await namesIn(places.evaluations);
  const folder = evaluations.includes(name) ? join(places.evaluations, name) : name;
  if (existsSync(folder) && /[/\\]|^\.+$/.test(folder)) return readEvaluation(folder, basename(folder));
  const known = [...(await namesIn(places.runs)), ...evaluations];
  throw new UserError(
    `${name} is neither a run in ${places.runs} nor results in ${places.evaluations}; ${
      suggest(run, known) || 'nothing was trained or evaluated yet'
    }`,
  );
}

async function readRun(paths: RunFolder): Promise<ReadModel> {
  const evaluated = await readResults('run', join(paths.folder, 'eval'));
  if (evaluated.length === 0)
    throw new UserError(
      `run ${paths.name} was not evaluated; npm run eval -- --model run:${paths.name} --tasks NAME does it`,
    );
  const baselines = join(paths.folder, 'baselines');
  for (const name of await namesIn(baselines)) evaluated.push(...(await readResults(name, join(baselines, name))));
  return {
    name: paths.name,
    record: await readRunConfig(paths.config),
    contract: await readContract(paths.contract),
    log: existsSync(paths.log) ? await readLog(paths.log) : [],
    evaluated,
  };
}

async function readEvaluation(folder: string, name: string): Promise<ReadModel> {
  const evaluated = await readResults('run', folder);
  if (evaluated.length === 0)
    throw new UserError(`${folder} holds no results; npm run eval -- --output ${folder} writes some`);
  return { name, record: null, contract: null, log: [], evaluated };
}

/** @param folder  holds a folder for each task */
async function readResults(of: string, folder: string): Promise<Evaluated[]> {
  const found: Evaluated[] = [];
  for (const task of await namesIn(folder)) {
    const taskFolder = join(folder, task);
    const file = join(taskFolder, metricsFile);
    if (!existsSync(file)) continue;
    const summary = parseSummary(file, await readFile(file, 'utf8'));
    found.push({ of, folder: taskFolder, summary, perQuery: await readPerQuery(join(taskFolder, 'per-query.arrow')) });
  }
  return found;
}

function parseSummary(file: string, text: string): EvaluationSummary {
  let summary: EvaluationSummary;
  try {
    summary = JSON.parse(text) as EvaluationSummary;
  } catch (error) {
    throw new UserError(`${file} is not JSON (${(error as Error).message}); evaluate again`);
  }
  if (typeof summary?.task !== 'string' || typeof summary.metrics !== 'object' || summary.metrics === null)
    throw new UserError(`${file} must hold task and metrics; evaluate again`);
  return summary;
}

const namesIn = async (folder: string) => (existsSync(folder) ? (await readdir(folder)).sort() : []);
