import { join } from 'node:path';
import { homePath } from '../../configs/cli/homePath.js';

/** Where the champions of a plan and all that is known of its retrainings are kept. */
export interface PlanFolder {
  folder: string;
  /** A link to the champion's folder, swapped in one rename: what a server reads. */
  current: string;
  /** Folder of a champion, by the name of its run. */
  champion: (run: string) => string;
  champions: string;
  /** Held by the call at work. */
  lock: string;
  /** The retraining under way; absent where none is. */
  attempt: string;
  /** Names the plan file that this folder belongs to. */
  owner: string;
  /** One JSON object a line, only ever appended to. */
  history: string;
  historyPage: string;
  /** Folder of decisions that the plan's command has not taken yet. */
  notices: string;
  /** What was imported for it. */
  data: string;
}

const championsRoot = homePath('checkpoints/champions');

/** The places of a plan; nothing is read or made. */
export function planFolder(plan: string): PlanFolder {
  const folder = join(championsRoot, plan);
  const champions = join(folder, 'versions');
  return {
    folder,
    current: join(folder, 'current'),
    champions,
    champion: (run) => join(champions, run),
    lock: join(folder, 'retrain.lock'),
    attempt: join(folder, 'attempt.json'),
    owner: join(folder, 'plan.txt'),
    history: join(folder, 'history.jsonl'),
    historyPage: join(folder, 'history.html'),
    notices: join(folder, 'notices'),
    data: join(homePath('data/cache/retraining'), plan),
  };
}
