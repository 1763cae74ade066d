import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const at = (path: string) => JSON.stringify(new URL(`../../../../model/engine/${path}`, import.meta.url).href);

describe('countMemory', () => {
  // 17 tensors of 256 MiB "fitted" in 4 GiB, and the first ones then held other numbers.
  it('refuses in one line what does not fit in 4 GiB, and leaves the tensors that are there as they are', () => {
    const script = `
      const { startWasm } = await import(${at('wasm/startWasm.ts')});
      const { unsetTensor, valuesInPlace } = await import(${at('wasm/wasmBackend.ts')});
      await startWasm();
      const held = [];
      let said;
      try {
        for (let i = 1; i <= 20; i++) {
          const tensor = unsetTensor([2 ** 26]); // its pages are taken only when they are written
          valuesInPlace(tensor)[0] = i;
          held.push(tensor);
        }
      } catch ({ name, message }) {
        said = [name, message];
      }
      console.log(JSON.stringify({ firsts: held.map((tensor) => valuesInPlace(tensor)[0]), said }));`;
    const flags = ['--import', 'tsx', '--input-type=module', '-e', script];
    const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
    assert.equal(stderr, '');
    const { firsts, said } = JSON.parse(stdout) as { firsts: number[]; said: [string, string] };
    // 16 would take all of the 4 GiB, where the module's own data lie too.
    assert.deepEqual(firsts, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    assert.equal(said[0], 'UserError');
    assert.match(said[1], /^WebAssembly is out of memory: 269 MB more do not fit beside \d+ MB [^\n]*$/);
  });
});
