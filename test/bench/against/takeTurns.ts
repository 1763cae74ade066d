import type { Jobs } from '../worker/jobs.js';
import { megabytes, rate, seconds } from '../report/result.js';
import type { Setting } from '../setting/setting.js';
import { summarize, type Summary } from '../report/summary.js';
import { startPython, startTercet, type WorkerProcess } from '../worker/workerProcess.js';

/** One side over all rounds. */
interface Side<Reply> {
  replies: Reply[];
  /** Resident before the first round, and the most over all rounds. */
  loaded: number;
  peak: number;
  versions: Record<string, string>;
}

/** Both sides after the same rounds. */
export interface Turns<Reply> {
  ours: Side<Reply>;
  theirs: Side<Reply>;
}

/** What a side does. */
interface Task<Reply> {
  open: (worker: WorkerProcess) => Promise<Jobs['open']['gives']>;
  /** @param round  0 warms up: its work may be smaller, and it is not counted */
  work: (worker: WorkerProcess, round: number) => Promise<Reply>;
}

/** Both processes stay open; one sleeps while the other works. */
export async function takeTurns<Reply extends { seconds: number }>(
  { rounds }: Setting,
  python: string,
  tasks: Record<'ours' | 'theirs', Task<Reply>>,
  tell: (line: string) => void,
): Promise<Turns<Reply>> {
  const workers = { ours: startTercet(), theirs: startPython(python) };
  const sides = ['ours', 'theirs'] as const;
  const made: Partial<Turns<Reply>> = {};
  try {
    for (const side of sides) {
      const { versions } = await tasks[side].open(workers[side]);
      const { resident } = await workers[side].ask('memory', { reset: true });
      made[side] = { replies: [], loaded: resident, peak: 0, versions };
    }
    for (let round = 0; round <= rounds; round++)
      for (const side of sides) {
        const reply = await tasks[side].work(workers[side], round);
        const { peak } = await workers[side].ask('memory', { reset: false });
        const name = side === 'ours' ? 'tercet' : 'python';
        tell(
          `${name}, ${round === 0 ? 'warming up' : `round ${round}`}: ${seconds(reply.seconds)}, ${megabytes(peak)}`,
        );
        made[side]!.replies.push(reply);
        made[side]!.peak = peak;
      }
    return made as Turns<Reply>;
  } finally {
    await Promise.all(sides.map((side) => workers[side].close()));
  }
}

const counted = (side: Side<{ seconds: number }>) => side.replies.slice(1).map((reply) => reply.seconds);

/** Speed, ratio and memory of both sides as a table. @param amount  of work in a round, in `unit` times seconds */
export function comparison(what: string, unit: string, amount: number, { ours, theirs }: Turns<{ seconds: number }>) {
  const ratio = summarize(counted(ours).map((own, round) => counted(theirs)[round]! / own));
  const speed = (side: Side<{ seconds: number }>) => amount / summarize(counted(side)).median;
  const range = ({ least, most }: Summary) => `${least.toFixed(2)}..${most.toFixed(2)}`;
  const memory = (name: string, of: (side: Side<unknown>) => number) => [
    name,
    megabytes(of(ours)),
    megabytes(of(theirs)),
    (of(ours) / of(theirs)).toFixed(2),
    '',
  ];
  return {
    header: ['measure', 'ours', 'theirs', 'ratio', 'least..most'],
    rows: [
      [`${what}, ${unit}`, rate(speed(ours)), rate(speed(theirs)), ratio.median.toFixed(2), range(ratio)],
      memory('peak memory', ({ peak }) => peak),
      memory('above the loaded model', ({ peak, loaded }) => peak - loaded),
    ],
    ratios: { 'times as fast': ratio.median, 'of their peak memory': ours.peak / theirs.peak },
  };
}

/** The numbers behind `comparison`. */
export function valuesOf(turns: Turns<{ seconds: number }>) {
  const side = (one: Side<{ seconds: number }>) => ({
    seconds: counted(one),
    peak: one.peak,
    loaded: one.loaded,
    versions: one.versions,
  });
  return { ours: side(turns.ours), theirs: side(turns.theirs) };
}
