import { tellLauncher } from '../../configs/cli/launcher.js';
import { PeerFailure } from '../../configs/peerFailure.js';
import { UserError } from '../../configs/userError.js';
import { joinedCollective, type Collective } from '../engine/ranks/collective.js';
import type { RankPlace } from '../engine/ranks/rankPlace.js';
import { startEngine, type Engine } from '../engine/startEngine.js';
import { requireAlike, type Hello } from './hello.js';
import { whileJoining } from './whileJoining.js';

/** A rank with its engine, among the others. */
export interface Joined {
  engine: Engine;
  collective: Collective;
  /** What each rank said of itself; none alone. */
  hellos: Hello[];
}

/**
 * Do a rank's work. Where it fails by itself, all others fail with its words, and the words say which rank it was.
 * @param args  of the command
 * @param work  calls `join` once it can: it starts the engine and waits for the others
 */
export async function asRank<T>(
  place: RankPlace,
  args: readonly string[],
  work: (join: () => Promise<Joined>) => Promise<T>,
): Promise<T> {
  let collective: Collective | undefined;
  const join = async () => {
    const start = () => startEngine({ place });
    const engine = place.ranks === 1 ? await start() : await whileJoining(start);
    collective = joinedCollective(place);
    if (place.ranks === 1) return { engine, collective, hellos: [] };
    await tellLauncher('joined');
    return { engine, collective, hellos: requireAlike(collective, engine, args) };
  };
  try {
    const done = await work(join);
    collective?.part();
    return done;
  } catch (error) {
    if (error instanceof PeerFailure) throw error;
    const { message } = error as Error;
    collective?.fail(message);
    throw place.rank > 0 && error instanceof UserError ? new UserError(`rank ${place.rank}: ${message}`) : error;
  }
}
