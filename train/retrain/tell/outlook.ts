import { findCached } from '../../../checkpoints/hub/hubCache.js';
import { hubSettings } from '../../../checkpoints/hub/hubSettings.js';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { resolveBase } from '../../../configs/load/resolveBase.js';
import { isMadeHere, madeFiles } from '../../../eval/demonstration/madeData.js';
import { readAttempt } from '../attempt.js';
import { asGathered, askedFor } from '../beginAttempt.js';
import { wholeChampion } from '../champion/champion.js';
import { dispensable } from '../champion/retention.js';
import { startArguments } from '../champion/startArguments.js';
import { lookAtData } from '../data/gatherData.js';
import { readHistory, type HistoryEntry } from '../history.js';
import type { PlanFolder } from '../planFolder.js';

/** What a call would do, found out without writing anything. */
export interface Outlook {
  plan: string;
  /** The interrupted retraining that it would go on with first. */
  goesOnWith: string | null;
  base: { name: string; isHere: boolean };
  /** Of what is imported. */
  rows: number;
  files: string[];
  toImport: string[];
  isNew: boolean;
  /** Of the last retraining. */
  since: string | null;
  /** Folders that a decision would remove. */
  removed: { promoted: string[]; kept: string[] };
}

export async function outlook(plan: RetrainingPlan, paths: PlanFolder, nowMs: number): Promise<Outlook> {
  const history = await readHistory(paths.history);
  const attempt = await readAttempt(paths.attempt);
  const { name, source: at } = resolveBase(plan.base);
  const folder = 'folder' in at ? at.folder : findCached(hubSettings().cache, at, 'model')?.folder;
  const start = await startArguments(plan, paths);
  const { gathered, toImport } = await lookAt(plan, paths);
  const last = history.filter(({ fingerprint }) => fingerprint !== undefined).at(-1);
  const isKnown = folder !== undefined && toImport.length === 0;
  const isNew = !isKnown || (await askedFor(plan, start, gathered, folder)).fingerprint !== last?.fingerprint;
  const decides = isNew || attempt !== undefined;
  return {
    plan: plan.name,
    goesOnWith: attempt?.id ?? null,
    base: { name, isHere: folder !== undefined },
    rows: gathered.rows,
    files: gathered.files,
    toImport,
    isNew,
    since: last?.time ?? null,
    removed: decides ? removals(plan, paths, history, nowMs) : { promoted: [], kept: [] },
  };
}

/** An outlook as lines for the screen. */
export function outlookLines({ goesOnWith, base, rows, files, toImport, isNew, since, removed }: Outlook): string[] {
  const both = removed.promoted.filter((folder) => removed.kept.includes(folder));
  const only = (folders: string[]) => folders.filter((folder) => !both.includes(folder));
  return [
    `base    ${base.name}, ${base.isHere ? 'here' : 'to be downloaded'}`,
    `data    ${rows} rows in ${files.length} files${toImport.length > 0 ? `, to be imported: ${toImport.join(', ')}` : ''}`,
    ...(goesOnWith === null ? [] : [`a call would go on with retraining ${goesOnWith}`]),
    isNew ? 'a call would train a challenger' : `nothing new since ${since}`,
    ...both.map((folder) => `would be removed: ${folder}`),
    ...only(removed.promoted).map((folder) => `would be removed if the challenger is promoted: ${folder}`),
    ...only(removed.kept).map((folder) => `would be removed if the champion is kept: ${folder}`),
  ];
}

async function lookAt(plan: RetrainingPlan, paths: PlanFolder): ReturnType<typeof lookAtData> {
  if (typeof plan.data !== 'string') return lookAtData({ ...plan, data: plan.data }, paths.data);
  const files = madeFiles(plan.data);
  return isMadeHere(plan.data)
    ? { gathered: await asGathered(files), toImport: [] }
    : { gathered: await asGathered([]), toImport: files };
}

/** Retention as it would be once a challenger of now was judged. */
function removals(
  { keep }: RetrainingPlan,
  paths: PlanFolder,
  history: HistoryEntry[],
  nowMs: number,
): Outlook['removed'] {
  const run = 'challenger';
  const after = (outcome: HistoryEntry['outcome'], champion: string | null) => {
    const entry = { id: run, time: new Date(nowMs).toISOString(), outcome, run, champion, why: '', version: '' };
    return dispensable(paths, keep, champion, [...history, entry], nowMs);
  };
  return { promoted: after('promoted', run), kept: after('kept', wholeChampion(paths)) };
}
