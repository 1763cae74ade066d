import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { lockHolder } from '../../../setup/lock/lock.mjs';
import { readAttempt } from '../attempt.js';
import { championOf } from '../champion/champion.js';
import { isChoice, readHistory, type HistoryEntry } from '../history.js';
import { readNotices } from './notify.js';
import type { PlanFolder } from '../planFolder.js';
import { folderBytes } from '../../../setup/folder/records.mjs';
import { nextDue } from '../schedule/nextDue.js';

/** What is known of a plan at this moment. */
export interface PlanStatus {
  plan: string;
  champion: { run: string; since: string; scores: Record<string, number> } | null;
  underWay: { id: string; since: string; tries: number; failure: string | null } | null;
  /** The call that works on it now, in words. */
  atWork: string | null;
  nextDue: string | null;
  notices: { waiting: number; failure: string | null };
  diskBytes: number;
  history: HistoryEntry[];
}

export async function planStatus(plan: RetrainingPlan, paths: PlanFolder, now: Date): Promise<PlanStatus> {
  const history = await readHistory(paths.history);
  const run = championOf(paths);
  const attempt = await readAttempt(paths.attempt);
  const notices = await readNotices(paths.notices);
  return {
    plan: plan.name,
    champion: run === null ? null : championStatus(run, history),
    underWay:
      attempt === undefined
        ? null
        : {
            ...{ id: attempt.id, since: new Date(attempt.startedMs).toISOString() },
            ...{ tries: attempt.tries, failure: attempt.failure ?? null },
          },
    atWork: lockHolder(paths.lock) ?? null,
    nextDue: plan.schedule === undefined ? null : nextDue(plan.schedule, now).toISOString(),
    notices: { waiting: notices.length, failure: notices[0]?.failure ?? null },
    diskBytes: folderBytes(paths.folder) + folderBytes(paths.data),
    history,
  };
}

/** A status as aligned lines for the screen. @param most  decisions shown, the last ones */
export function statusTable(
  { champion, underWay, atWork, nextDue: due, notices, diskBytes, history }: PlanStatus,
  most = 10,
): string {
  const facts: [string, string][] = [
    ['champion', champion === null ? 'none yet' : `${champion.run}, since ${shortTime(champion.since)} UTC`],
    ['scores', scoresText(champion?.scores ?? {})],
    ['under way', underWayText(underWay, atWork)],
    ['next due', due === null ? 'no schedule' : `${shortTime(due)} UTC`],
    [
      'notices',
      notices.waiting === 0
        ? 'none waiting'
        : `${notices.waiting} waiting${notices.failure === null ? '' : `: ${notices.failure}`}`,
    ],
    ['disk', `${(diskBytes / 1e6).toFixed(1)} MB`],
  ];
  const width = Math.max(...facts.map(([label]) => label.length));
  const lines = facts.filter(([, text]) => text !== '').map(([label, text]) => `${label.padEnd(width)}  ${text}`);
  return [...lines, ...(history.length === 0 ? [] : ['', ...historyLines(history.slice(-most))])].join('\n');
}

function underWayText(underWay: PlanStatus['underWay'], atWork: string | null): string {
  const what = underWay === null ? [] : [`${underWay.id}, begun ${shortTime(underWay.since)} UTC`];
  const failed =
    underWay === null || underWay.failure === null
      ? []
      : [`failed ${underWay.tries} times, at last so: ${underWay.failure}`];
  if (atWork !== null) return [...what, ...failed, `at work: ${atWork}`].join('; ');
  return underWay === null ? 'nothing' : [...what, ...failed, 'the next call goes on with it'].join('; ');
}

function historyLines(history: readonly HistoryEntry[]): string[] {
  const rows = history.map((entry) => [
    shortTime(entry.time),
    entry.run,
    entry.outcome,
    entry.data === undefined ? '' : String(entry.data.rows),
    scoresText(scoresOf(entry)),
    entry.why,
  ]);
  const heads = ['time (UTC)', 'run', 'outcome', 'rows', 'scores', 'why'];
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((text, column) => (column === 3 ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(heads), ...rows.map(line)];
}

function championStatus(run: string, history: readonly HistoryEntry[]): PlanStatus['champion'] {
  const chosen = history.filter((entry) => entry.run === run && isChoice(entry)).at(-1);
  const judged = history.filter((entry) => entry.run === run && entry.decision !== undefined).at(-1);
  return { run, since: chosen?.time ?? '', scores: judged === undefined ? {} : scoresOf(judged) };
}

/** Means of the run that an entry is about, by task. */
const scoresOf = ({ decision }: HistoryEntry): Record<string, number> =>
  Object.fromEntries((decision?.results ?? []).map(({ task, challenger }) => [task, challenger]));

const scoresText = (scores: Record<string, number>) =>
  Object.entries(scores)
    .map(([task, score]) => `${task} ${score.toFixed(4)}`)
    .join(', ');

const shortTime = (time: string) => time.slice(0, 16).replace('T', ' ');
