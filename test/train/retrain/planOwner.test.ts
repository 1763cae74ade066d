import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RetrainingPlan } from '../../../configs/load/loadRetraining.js';
import { planFolder } from '../../../train/retrain/planFolder.js';
import { writePlanOwner, requirePlanOwner } from '../../../train/retrain/planOwner.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { plan } from './fakes/fakeCommands.js';

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
    await writePlanOwner(one, paths());
    await requirePlanOwner(one, paths());
    await assert.rejects(
      requirePlanOwner(two, paths()),
      /two\/nightly\.yaml: .*champions holds the champions of .*one\/nightly\.yaml, a plan nightly too; rename one/,
    );
  });

  it('is that of the same file by another path', async () => {
    const one = planIn('one');
    await writePlanOwner(one, paths());
    symlinkSync(at('one'), at('link'));
    await requirePlanOwner({ ...one, file: at('link/nightly.yaml') }, paths());
  });

  it("goes with a plan file that was moved, and is anybody's before the first retraining", async () => {
    const one = planIn('one');
    await requirePlanOwner(one, paths());
    await writePlanOwner(one, paths());
    mkdirSync(at('moved'));
    renameSync(at('one/nightly.yaml'), at('moved/nightly.yaml'));
    await requirePlanOwner({ ...one, file: at('moved/nightly.yaml') }, paths());
  });
});
