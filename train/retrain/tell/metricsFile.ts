import { readFile } from 'node:fs/promises';
import { UserError } from '../../../configs/userError.js';
import { isChoice, type HistoryEntry } from '../history.js';

/** What the metrics file tells of a plan. */
export interface PlanMetrics {
  plan: string;
  startedMs: number;
  endedMs: number;
  /** Exit code of this call. */
  code: number;
  history: readonly HistoryEntry[];
  /** Bytes of the plan's champions and imports. */
  diskBytes: number;
}

/**
 * The text of a Prometheus textfile. Source: Prometheus, "Exposition formats", text-based format.
 */
export function metricsText({ plan, startedMs, endedMs, code, history, diskBytes }: PlanMetrics): string {
  const judged = history.filter(({ decision }) => decision !== undefined).at(-1);
  const changed = history.filter(isChoice).at(-1);
  const scores = (judged?.decision?.results ?? []).flatMap(({ task, metric, challenger, champion }) => [
    { labels: { task, metric, model: 'challenger' }, value: challenger },
    ...(champion === null ? [] : [{ labels: { task, metric, model: 'champion' }, value: champion }]),
  ]);
  const one = (value: number | undefined) => (value === undefined ? [] : [{ labels: {}, value }]);
  const gauge = (name: string, help: string, samples: { labels: Record<string, string>; value: number }[]) =>
    samples.length === 0
      ? ''
      : `# HELP tercet_retraining_${name} ${help}\n# TYPE tercet_retraining_${name} gauge\n` +
        samples
          .map(({ labels, value }) => `tercet_retraining_${name}${labelled({ plan, ...labels })} ${value}\n`)
          .join('');
  return [
    gauge('last_start_timestamp_seconds', 'When the last call began.', one(startedMs / 1000)),
    gauge('last_end_timestamp_seconds', 'When the last call ended.', one(endedMs / 1000)),
    gauge('last_exit_code', '0 promoted or nothing new, 3 found worse, else failed.', one(code)),
    gauge('champion_timestamp_seconds', 'Since when the champion is in use.', one(seconds(changed?.time))),
    gauge(
      'last_promoted',
      '1 when the last challenger was promoted, 0 when not.',
      one(judged && Number(judged.outcome === 'promoted')),
    ),
    gauge('training_rows', 'Training rows of the last challenger.', one(judged?.data?.rows)),
    gauge('work_seconds', 'Seconds of work in the last challenger.', one(judged?.seconds?.work)),
    gauge('score', 'Means of the last judgement.', scores),
    gauge('disk_bytes', 'Bytes of champions and imported data.', one(diskBytes)),
  ].join('');
}

/**
 * Require that the metrics of a plan replace nothing but older metrics.
 * @throws UserError where the file holds something else, such as training data
 */
export async function requireMetricsFile(plan: string, file: string): Promise<void> {
  const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new UserError(`retraining plan ${plan}: metrics ${file} cannot be read: ${error.message}`);
  });
  if (text !== '' && !text.startsWith('# HELP tercet_retraining_'))
    throw new UserError(
      `retraining plan ${plan}: metrics would replace ${file}, which holds no metrics; name another file`,
    );
}

const seconds = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time) / 1000);

function labelled(labels: Record<string, string>): string {
  const escaped = (text: string) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`;
}
