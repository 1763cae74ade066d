import { PeerFailure } from '../../../configs/peerFailure.js';
import { UserError } from '../../../configs/userError.js';
import { configProto, rankIn, serverDef, type Patience } from './clusterMessages.js';
import type { RankPlace } from './rankPlace.js';

const defaultPatience: Patience = { join: 300, heartbeat: 30 };

/** What the environment says of how long ranks wait for each other. @throws UserError for what is no number of seconds */
export function patienceOf(env: NodeJS.ProcessEnv): Patience {
  const seconds = (name: string, least: number, usual: number) => {
    const text = env[name];
    if (text === undefined || text === '') return usual;
    if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
    throw new UserError(`${name} must be a whole number of seconds from ${least} on; got ${text}`);
  };
  return {
    join: seconds('TERCET_JOIN_SECONDS', 1, defaultPatience.join),
    heartbeat: seconds('TERCET_HEARTBEAT_SECONDS', 2, defaultPatience.heartbeat),
  };
}

/** What setup/binding/context.cc reads while it makes TensorFlow's context, so that this process joins the others. */
export function joinEnvironment(place: RankPlace, patience: Patience): Record<string, string> {
  const config = configProto(place.ranks, patience);
  const hexadecimal = (bytes: number[]) => Buffer.from(bytes).toString('hex');
  return { TERCET_CONFIG_PROTO: hexadecimal(config), TERCET_SERVER_DEF: hexadecimal(serverDef(place, config)) };
}

/**
 * Require that the ranks were joined.
 * @param trouble  TensorFlow's words; empty where they were
 * @throws UserError where this process cannot listen, PeerFailure where others did not come
 */
export function requireJoined(trouble: string, { rank, ranks, addresses }: RankPlace, { join }: Patience): void {
  if (trouble === '') return;
  const own = `rank ${rank} of ${ranks}`;
  if (trouble.includes('Could not start gRPC server'))
    throw new UserError(
      `${own} cannot listen at ${addresses[rank]}: another program has that port, or the address is not of this ` +
        'machine; end that program, or name another port',
    );
  const missing = /timed out task names:\n(.*)/.exec(trouble)?.[1];
  const other = (missing === undefined ? undefined : rankIn(missing)) ?? 0;
  if (!/timed out|Deadline Exceeded/i.test(trouble))
    throw new PeerFailure(`${own} could not join the others: ${trouble.split('\n')[0]}`);
  throw new PeerFailure(
    `${own} waited ${join} s and rank ${other} did not come from ${addresses[other]}: start all ranks, and let their ` +
      'machines reach each other; TERCET_JOIN_SECONDS sets how long to wait',
  );
}
