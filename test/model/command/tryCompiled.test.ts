import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { engineFolder } from '../../../setup/folder/engineFolder.mjs';

/** As setup starts it; the processor stands in for a card where TERCET_XLA says so. */
function tryCompiled(TERCET_XLA: string) {
  const env = { ...process.env, TERCET_BACKEND: 'tensorflow', TERCET_XLA };
  const args = ['setup/start/start.mjs', 'model/command/tryCompiled.ts'];
  const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n') };
}

describe('tryCompiled', function () {
  this.timeout(240_000); // 34 functions are compiled where none is kept from before
  before(function () {
    if (!existsSync(engineFolder().bindingRecord)) this.skip();
  });

  it('tries every function of a layer in both precisions, says how far it is, and how near they come', () => {
    const { status, lines } = tryCompiled('1');
    assert.equal(status, 0);
    assert.deepEqual(lines.slice(0, 2), ['1 functions', '2 functions']);
    const [, float32, bfloat16] = /differs .* by (\S+) in float32, (\S+) in bfloat16$/.exec(lines.at(-1)!)!;
    assert.ok(Number(float32) < 1e-5 && Number(bfloat16) < 5e-2, lines.at(-1));
  });

  it('tries nothing where layers run otherwise', () => {
    assert.deepEqual(tryCompiled('0'), { status: 0, lines: ['not tried: TERCET_XLA is 0'] });
  });
});
