import { UserError } from '../../configs/userError.js';
import { watchSignals } from '../../configs/cli/watchSignals.js';
import { visibleCards } from '../engine/native/cards.js';
import type { RankPlace } from '../engine/ranks/rankPlace.js';
import { asRank } from './asRank.js';
import { describeRanks } from './launcher/launchedByOthers.js';
import { launchRanks, withoutRanks } from './launchRanks.js';
import { measureExchange } from './measureExchange.js';
import { requireRanks } from './requireRanks.js';

/**
 * Join several ranks, exchange what training exchanges, and tell how long it took: so a machine or a cluster is known to be
 * fit before a run.
 * @param place  of this process, where it was launched as a rank; else `ranks` are launched here
 * @param print  told the findings by rank 0, line by line or as one JSON object
 * @param warn   told why a rank that was launched here failed
 * @returns the exit code
 */
export function examineRanks(
  place: RankPlace | undefined,
  ranks: number | undefined,
  json: boolean,
  { print, warn }: { print: (line: string) => void; warn: (line: string) => void },
): Promise<number | void> {
  const words = process.argv.slice(2);
  if (place === undefined) {
    requireRanks(ranks!, visibleCards(process.env));
    if (ranks === 1) throw new UserError('--ranks 1 has nobody to exchange with; give 2 or more');
    return launchRanks(ranks!, withoutRanks(words), watchSignals(), warn);
  }
  return asRank(place, words, async (join) => {
    const startMs = performance.now();
    const { collective, hellos, engine } = await join();
    const joinSeconds = (performance.now() - startMs) / 1000;
    const speed = measureExchange(collective);
    if (place.rank > 0) return;
    const hosts = [...new Set(hellos.map(({ host }) => host))];
    if (json) return print(JSON.stringify({ ...speed, joinSeconds, hosts, device: engine.device }));
    const lines = [
      ['ranks', describeRanks(place)],
      ['hosts', hosts.join(', ')],
      ['computing', `${engine.device} by ${engine.name} ${engine.version}`],
      ['joined', `${joinSeconds.toFixed(1)} s, engine and meeting`],
      ['gather', line(speed.gatherBytes, speed.gatherSeconds, 'of embeddings from each rank')],
      [
        'sum',
        `${line(speed.sumBytes, speed.sumSeconds, 'of gradients')}: ${rate(speed.sumBytesPerSecond)} a rank's link`,
      ],
      ['numbers', 'all right'],
    ];
    for (const [name, value] of lines) print(`${name!.padEnd(9)}  ${value}`);
  });
}

const line = (bytes: number, seconds: number, what: string) =>
  `${(bytes / 1e6).toFixed(1)} MB ${what} in ${seconds < 0.1 ? `${(1000 * seconds).toFixed(1)} ms` : `${seconds.toFixed(2)} s`}`;

const rate = (bytesPerSecond: number) => `${(bytesPerSecond / 1e9).toFixed(2)} GB/s over`;
