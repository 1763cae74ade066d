// One call of a retraining with commands that do nothing but leave their files, in the working folder: to be killed.
import { planFolder } from '../../../../train/retrain/planFolder.js';
import { retrain } from '../../../../train/retrain/retrain.js';
import { calm, fakeCommands, plan, task } from '../fakes/fakeCommands.js';

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 15));
const { runCommand } = fakeCommands(() => 0, pause);
process.stdout.write('begun\n');
const end = await retrain({
  ...{ plan: { ...plan, base: 'base' }, paths: planFolder('plan'), tasks: [task], force: false },
  ...{ clock: Date.now, runCommand, signal: calm, say: () => {} },
});
process.stdout.write(`${end.kind}\n`);
