import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Trouble {
  message: string;
  remedy: string;
  waits?: boolean;
}
const { programsTrouble, rememberTrouble, troubleLine, waitingTrouble } = (await import(
  new URL('../../../setup/messages/troubles.mjs', import.meta.url).href
)) as {
  programsTrouble(missing: string[], osRelease: string): Trouble;
  rememberTrouble(path: string, trouble: Trouble, now: number): void;
  troubleLine(trouble: Trouble): string;
  waitingTrouble(path: string, now: number): Trouble | undefined;
};

describe('the troubles of setup', () => {
  const after = 'and the next start installs TensorFlow by itself';

  it('name the command that installs what is missing on this distribution', () => {
    const { message, remedy } = programsTrouble(['compiler'], 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n');
    assert.equal(message, 'a C++ compiler was not found');
    assert.equal(remedy, `install it (apt install g++), ${after}`);
    assert.equal(
      programsTrouble(['pip'], 'ID="rocky"\nID_LIKE="rhel centos fedora"').remedy,
      `install it (dnf install python3-pip), ${after}`,
    );
  });

  it('list several missing programs in one sentence, without a command on an unknown system', () => {
    const { message, remedy } = programsTrouble(['python', 'compiler'], 'ID=nixos');
    assert.equal(message, 'Python 3 and a C++ compiler were not found');
    assert.equal(remedy, `install them, ${after}`);
  });

  it('make one line that says which engine runs instead, what is missing, and the remedy', () => {
    assert.equal(
      troubleLine({ message: 'pip was not found', remedy: 'install it' }),
      'engine: WebAssembly, slower than TensorFlow 2.21.0: pip was not found; install it',
    );
  });

  describe('that a start cannot see the end of', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tercet-troubles-'))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const noon = Date.UTC(2026, 10, 23, 12);
    const minutes = 60_000;

    it('are left alone for an hour', () => {
      const path = join(folder, 'trouble.json');
      rememberTrouble(path, { message: 'no network', remedy: 'npm run setup', waits: true }, noon);
      assert.equal(waitingTrouble(path, noon + 59 * minutes)?.message, 'no network');
      assert.equal(waitingTrouble(path, noon + 61 * minutes), undefined);
    });

    it('are looked into again when the clock was set back', () => {
      const path = join(folder, 'trouble.json');
      rememberTrouble(path, { message: 'no network', remedy: 'npm run setup', waits: true }, noon);
      assert.equal(waitingTrouble(path, noon - minutes), undefined);
    });

    it('differ from those a start can see for itself, such as a missing compiler', () => {
      const path = join(folder, 'trouble.json');
      rememberTrouble(path, programsTrouble(['compiler'], ''), noon);
      assert.equal(waitingTrouble(path, noon + minutes), undefined);
      assert.equal(waitingTrouble(join(folder, 'absent.json'), noon), undefined);
    });
  });
});
