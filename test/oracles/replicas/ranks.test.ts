import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alone } from '../../../model/engine/ranks/collective.js';
import { startEngine } from '../../../model/engine/startEngine.js';
import { assertClose } from '../../assertions.js';
import { placesHere, startRanks } from '../../model/engine/ranks/startRanks.js';
import { adapterNumbers, inOrder, trained, type Trained } from '../../train/ranks/updates.js';
import { replicas, replicaUpdates } from './updates.js';
import { matrices, type Training } from './training.js';

describe('replicas of the eight bases trained by several ranks', function () {
  this.timeout(600_000); // up to four processes train twelve updates of eight bases
  let ofOne: Trained[];
  before(async function () {
    if (!existsSync(replicas) || (await startEngine()).name !== 'tensorflow') {
      console.log(`skipped: no replicas at ${replicas}, or no TensorFlow engine`);
      return this.skip();
    }
    ofOne = [];
    for (const updates of replicaUpdates()) ofOne.push(await trained(updates, alone));
  });

  for (const ranks of [2, 3, 4])
    it(`gives ${ranks} ranks the losses and adapters of PyTorch within 1e-4, of one process within 1e-5`, async () => {
      const worker = new URL('../../train/ranks/updatesWorker.ts', import.meta.url);
      const ends = await startRanks(worker, await placesHere(ranks), ['replicas'], {
        TERCET_HEARTBEAT_SECONDS: '30',
      });
      const [first] = ends;
      assert.equal(first!.code, 0, first!.errors);
      for (const end of ends) assert.deepEqual(end.said, first!.said);
      assert.equal(first!.said.length, replicaUpdates().length);
      for (const [index, found] of (first!.said as unknown as Trained[]).entries()) {
        const one = ofOne[index]!;
        assertClose(found.losses, one.losses, 1e-5, `${one.name}, loss of update`);
        assertClose(adapterNumbers(found), adapterNumbers(one), 1e-5, `${one.name}, number of the adapter`);
        assert.equal(found.masked, one.masked);
        if (one.name.includes(',')) continue;
        const home = join(replicas, one.name, 'expected');
        const { curve } = JSON.parse(readFileSync(join(home, 'training.json'), 'utf8')) as Training;
        assertClose(
          found.losses,
          curve.map(({ loss }) => loss),
          1e-4,
          `${one.name}, PyTorch's loss of update`,
        );
        const reference = inOrder(await matrices(join(home, 'adapter_after_12.safetensors')));
        assertClose(
          adapterNumbers(found),
          reference.flatMap((values) => [...values]),
          1e-4,
          one.name,
        );
      }
    });
});
