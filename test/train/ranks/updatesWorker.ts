/**
 * One rank of several that make updates together. Arguments: place as JSON, `tiny` or `replicas`.
 * Prints one JSON object a line.
 */
import { joinedCollective } from '../../../model/engine/ranks/collective.js';
import type { RankPlace } from '../../../model/engine/ranks/rankPlace.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { replicaUpdates } from '../../oracles/replicas/updates.js';
import { tinyUpdates } from './tinyUpdates.js';
import { trained } from './updates.js';

const place = JSON.parse(process.argv[2]!) as RankPlace;
await startEngine({ place });
const collective = joinedCollective(place);
try {
  for (const updates of process.argv[3] === 'replicas' ? replicaUpdates() : tinyUpdates)
    console.log(JSON.stringify(await trained(updates, collective)));
} catch (error) {
  collective.fail((error as Error).message);
  throw error;
}
collective.meet();
process.exit(0);
