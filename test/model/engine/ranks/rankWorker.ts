/**
 * One rank of several that a test starts: exchanges numbers with the others, then does what it is told.
 * Arguments: place as JSON, what to do. Prints one JSON object a line.
 */
import { joinedCollective } from '../../../../model/engine/ranks/collective.js';
import type { RankPlace } from '../../../../model/engine/ranks/rankPlace.js';
import { nativeBackend } from '../../../../model/engine/native/rawTensors.js';
import { startEngine } from '../../../../model/engine/startEngine.js';
import { tf } from '../../../../model/engine/tf.js';

const place = JSON.parse(process.argv[2]!) as RankPlace;
const what = process.argv[3]!;
const say = (found: object) => console.log(JSON.stringify(found));

try {
  await startEngine({ place });
  const collective = joinedCollective(place);
  const { rank } = place;
  const last = rank === place.ranks - 1;
  if (what === 'exchange') {
    const before = tf.memory().numTensors;
    const x = tf.tensor1d([1, 10 ** rank, rank / 3]);
    const sums = [1, 2].map((times) => tf.tidy(() => [...collective.sum(x.mul(times)).dataSync()]));
    x.dispose();
    const rows = tf.tidy(() => collective.gather(tf.tensor2d([[rank, 0.5]])).arraySync());
    say({ sums, rows, told: collective.tell(`words of ${rank}`), again: collective.tell(`more of ${rank}`) });
    say({ left: tf.memory().numTensors - before, child: process.env['TERCET_SERVER_DEF'] ?? null });
  }
  if (what === 'refused') {
    if (rank > 0) collective.tell('');
    collective.fail('it began no run');
    const begunMs = performance.now();
    collective.part();
    say({ waited: performance.now() - begunMs > 30_000 });
    process.exit(0);
  }
  if (what === 'lost') {
    collective.meet();
    const before = collective.lost() ?? null;
    if (rank === 0) process.kill(process.pid, 'SIGKILL');
    let lost = collective.lost();
    for (let waited = 0; lost === undefined && waited < 300; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      lost = collective.lost();
    }
    say({ before, error: lost?.constructor.name, message: lost?.message });
    process.exit(0);
  }
  if (what === 'killed' && last) process.kill(process.pid, 'SIGKILL');
  collective.meet();
  if (what === 'exchange') {
    if (rank === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500); // late to read what rank 0 keeps
    if (rank === 1) say({ late: nativeBackend().exchange.published('told/0/0', 1000) });
    collective.part();
  }
  if (what === 'exchange' && last) {
    process.kill(process.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  }
  say({ end: 'well' });
} catch (error) {
  say({ error: (error as Error).constructor.name, message: (error as Error).message });
}
process.exit(0);
