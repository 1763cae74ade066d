import { endDeaf } from '../../configs/cli/endWhenAsked.js';
import { PeerFailure } from '../../configs/peerFailure.js';
import { unkeptLog } from '../../checkpoints/run/log.js';
import { startTokenizerThreads } from '../../data/tokenizer/threads.js';
import type { Collective } from '../../model/engine/ranks/collective.js';
import type { Engine } from '../../model/engine/startEngine.js';
import { closeInputs } from '../loop/open/inputs.js';
import { attachAdapter } from '../../model/layer/lora.js';
import type { RankPlace } from '../../model/engine/ranks/rankPlace.js';
import { hostOf } from '../../model/ranks/launcher/launcherPlace.js';
import { trainRun } from '../loop/trainRun.js';
import { watchInterruption } from '../processes/watchInterruption.js';
import { scoreAlong } from './scoreAlong.js';
import { openSharedRun } from './shareRun.js';

const unseen = { onUpdate: () => {}, onScoring: () => {}, onScores: () => {} };

/** What rank 0 tells the others when all is done. */
export type SharedEnd = 'done' | 'interrupted';

/** What rank 0 tells the others before it scores: the update whose adapter that is. */
const scores = 'scores ';

/** Let the other ranks know that this one, the first, is at its end. What it has written stands, even where one is gone. */
export function shareEnd(collective: Collective, end: SharedEnd): void {
  try {
    collective.tell(end);
  } catch (error) {
    if (!(error instanceof PeerFailure)) throw error;
  }
}

/** Let the other ranks know that all updates are made, and that scoring begins. Alone it does nothing. */
export function shareScoring(collective: Collective, exported: number): void {
  if (collective.place.ranks > 1) collective.tell(`${scores}${exported}`);
}

/**
 * All that a rank but the first does of a run: the updates, together with the others, then its part of the encoding that
 * scoring takes, where it is on the machine of rank 0. Of the run it writes nothing. It then waits for rank 0, which does the rest.
 * @param warn  told warnings
 */
export async function workAlong(
  collective: Collective,
  engine: Engine,
  warn: (text: string) => void,
): Promise<SharedEnd> {
  const opened = await openSharedRun(collective, engine);
  const { model, adapter, contract, record, warnings } = opened;
  for (const warning of warnings) warn(warning);
  const threads = await startTokenizerThreads(record.base.folder, contract, record.settings.training.tokenizerThreads);
  const interruption = watchInterruption(() => {});
  const log = unkeptLog(warn);
  const events = { scalar: () => {}, flush: () => {} };
  let told: string;
  try {
    const parameters = attachAdapter(model, adapter);
    const training = { ...opened, parameters, threads, log, events, collective };
    const { last } = await trainRun(training, interruption.isAsked, unseen);
    told = collective.tell('')[0]!;
    if (told.startsWith(scores)) {
      const exported = Number(told.slice(scores.length));
      told = '';
      if (isBesideRankZero(collective.place))
        if (await scoreAlong(opened, collective, threads, last, exported, interruption.isAsked, warn))
          told = 'interrupted';
    }
  } finally {
    interruption.stop();
    await threads.close();
    await closeInputs(opened);
  }
  if (told === '') endDeaf();
  return (told || collective.tell('')[0]!) as SharedEnd;
}

const isBesideRankZero = ({ rank, addresses }: RankPlace) => hostOf(addresses[rank]!) === hostOf(addresses[0]!);
