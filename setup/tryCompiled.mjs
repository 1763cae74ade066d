import { run } from './command.mjs';
import { checkout } from './folder/engineFolder.mjs';
import { startPhase } from './messages/screen.mjs';

const limitMs = 10 * 60_000;

/**
 * Try on this machine's card what XLA compiles for it, in a process of its own: a compiler that would end the process of
 * whoever uses it is found out here. The verdict lies beside what was compiled, and every start of the engine reads it.
 */
export async function tryCompiled(place) {
  const phase = startPhase('compiling for this card, and trying it');
  let last = '';
  const { code } = await run(process.execPath, ['setup/start/start.mjs', 'model/command/tryCompiled.ts'], {
    ...{ cwd: checkout, log: place.log, limitMs },
    env: { TERCET_BACKEND: 'tensorflow' },
    onLine: (line) => phase.update((last = line)),
  });
  phase.end(code === 0 ? last : `failed; layers run in stock operations, ${place.log} says why`);
}
