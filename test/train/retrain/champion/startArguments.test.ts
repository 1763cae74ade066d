import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeAdapter } from '../../../../checkpoints/adapter/adapter.js';
import { setChampion } from '../../../../train/retrain/champion/champion.js';
import { startArguments } from '../../../../train/retrain/champion/startArguments.js';
import { planFolder } from '../../../../train/retrain/planFolder.js';
import { adapter } from '../../../checkpoints/examples.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { plan } from '../fakes/fakeCommands.js';

describe('startArguments', () => {
  const at = useTemporaryFolder();
  const places = () => ({
    ...planFolder('plan'),
    ...{ folder: at(), current: at('current'), champion: (run: string) => at(join('versions', run)) },
  });
  const given = (set: string[]) => startArguments({ ...plan, from: 'champion', set }, places());
  const champion = async () => {
    await writeAdapter(at('versions/first/adapter'), adapter); // of rank 1 and alpha 2, on q
    await setChampion(places(), 'first');
  };
  const fast = 'optimizer.learningRate=1e-3';
  const ofFirst = ['lora.rank=4', 'lora.rank=1', 'lora.alpha=2.0', 'lora.targets=[q]', 'lora.tower=false'];

  // Training takes no rank beside an adapter, so such a plan worked until it had a champion, and failed ever after.
  it("leaves settings that the champion's adapter has out, once there is one", async () => {
    assert.deepEqual(
      await given([...ofFirst, fast]),
      [...ofFirst, fast].flatMap((setting) => ['--set', setting]),
    );
    await champion();
    assert.deepEqual(await given([...ofFirst, fast]), ['--adapter', at('versions/first/adapter'), '--set', fast]);
    const fresh = await startArguments({ ...plan, set: ['lora.rank=1'] }, places());
    assert.deepEqual(fresh, ['--set', 'lora.rank=1']);
  });

  it("refuses a setting that differs from the champion's adapter", async () => {
    await champion();
    for (const [set, told, had] of [
      ['lora.rank=8', 'lora.rank=8', '1'],
      ['lora.targets=[v, q]', 'lora.targets=["q","v"]', '["q"]'],
      ['lora.tower=true', 'lora.tower=true', 'false'],
    ] as const)
      await assert.rejects(given([set]), {
        name: 'UserError',
        message:
          `retraining plan plan: set says ${told}, but it starts from the champion, whose adapter has ${had}; ` +
          'leave that setting out, or say from: base',
      });
  });
});
