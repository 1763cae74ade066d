import { PeerFailure } from '../../../configs/peerFailure.js';
import { rankIn } from './clusterMessages.js';
import type { RankPlace } from './rankPlace.js';

/** What ranks of one run tell each other when they end, before the words. */
const reported = /Error reported from \S*\/task:(\d+): /;

/** Codes of TF_Status that tell of others: deadline exceeded, aborted, unavailable. */
const otherCode = /^Invalid TF_Status: (?!4\b|10\b|14\b)/;

/** How TensorFlow begins to say that a rank cannot be reached. */
const ofNetwork = /Socket closed|failed to connect|Connection re|UNAVAILABLE|heartbeat|unhealthy|Deadline Exceeded/i;

/**
 * An error of TensorFlow's that says that another rank is gone or has failed, in our words; undefined for any other,
 * such as unequal shapes.
 * @param message  TensorFlow's
 */
export function peerFailureIn(message: string, { rank: own, ranks, addresses }: RankPlace): PeerFailure | undefined {
  if (otherCode.test(message)) return undefined;
  const from = reported.exec(message);
  const named = (rank: number) => `rank ${rank} of ${ranks} (${addresses[rank]})`;
  if (from) {
    const [said] = message.slice(from.index + from[0].length).split('\n') as [string];
    const isGone = /unhealthy|heartbeat/i.test(said);
    const rank = (isGone ? rankIn(message.slice(from.index + from[0].length)) : undefined) ?? Number(from[1]);
    return new PeerFailure(
      isGone ? `${named(rank)} has ended or gives no sign of life` : `${named(rank)} failed: ${said}`,
    );
  }
  const remote = rankIn(/remote target (\S+)/.exec(message)?.[1] ?? '');
  // Its words can also come along with the exchange that they broke off.
  const words = /aborted by: (?:Collective ops is aborted by: )*([^\n]*)/.exec(message)?.[1];
  if (words !== undefined && remote !== undefined && !ofNetwork.test(words))
    return new PeerFailure(`${named(remote)} failed: ${words}`);
  if (!/aborted by|Socket closed|failed to connect|Connection re|UNAVAILABLE|heartbeat/i.test(message))
    return undefined;
  // Every rank but the first sends its signs of life to rank 0: a deadline that passed there is rank 0's.
  if (own > 0 && /Deadline Exceeded/i.test(message))
    return new PeerFailure(`${named(0)} has ended or gives no sign of life`);
  return new PeerFailure(
    remote === undefined ? `another rank has ended: ${firstLine(message)}` : `${named(remote)} has ended`,
  );
}

const firstLine = (message: string) =>
  message
    .replace(/^Invalid TF_Status: \d+\s*(Message: )?/, '')
    .split('\n')[0]!
    .replace('Collective ops is aborted by: ', '');
