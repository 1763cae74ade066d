import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { planFolder } from '../../../train/retrain/planFolder.js';
import { ownFolder, requireOwnFolder } from '../../../train/retrain/planOwner.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { plan } from './fakeCommands.js';

// Two plan files of one name in two folders judged and replaced each other's champion.
describe('the folder of a plan', () => {
  const at = useTemporaryFolder();
  const planIn = (folder: string): RetrainingPlan => {
    mkdirSync(at(folder), { recursive: true });
    writeFileSync(at(`${folder}/nightly.yaml`), '');
    return { ...plan, name: 'nightly', file: at(`${folder}/nightly.yaml`) };
  };
  const paths = () => {
    const place = planFolder('nightly');
    mkdirSync(at('champions'), { recursive: true });
    return { ...place, folder: at('champions'), owner: at('champions/plan.txt') };
  };

  it('is refused to another plan of the same name, which is named', async () => {
    const [one, two] = [planIn('one'), planIn('two')];
    await ownFolder(one, paths());
    await requireOwnFolder(one, paths());
    await assert.rejects(
      requireOwnFolder(two, paths()),
      /two\/nightly\.yaml: .*champions holds the champions of .*one\/nightly\.yaml, a plan nightly too; rename one/,
    );
  });

  it("goes with a plan file that was moved, and is anybody's before the first retraining", async () => {
    const one = planIn('one');
    await requireOwnFolder(one, paths());
    await ownFolder(one, paths());
    mkdirSync(at('moved'));
    renameSync(at('one/nightly.yaml'), at('moved/nightly.yaml'));
    await requireOwnFolder({ ...one, file: at('moved/nightly.yaml') }, paths());
  });
});
