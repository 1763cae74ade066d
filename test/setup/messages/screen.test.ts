import assert from 'node:assert/strict';

interface Stream {
  isTTY: boolean;
  columns: number;
  write(text: string): void;
}
interface Phase {
  update(text: string): void;
  end(outcome: string): void;
}
const { startPhase } = (await import(new URL('../../../setup/messages/screen.mjs', import.meta.url).href)) as {
  startPhase(what: string, options: { stream: Stream; everyMs: number }): Phase;
};

/** What appears on a stream while a phase runs for 55 ms and shows itself every 20 ms. */
async function shown(isTTY: boolean): Promise<string> {
  let text = '';
  const phase = startPhase('unpacking', {
    stream: { isTTY, columns: 80, write: (more) => (text += more) },
    everyMs: 20,
  });
  phase.update('1 of 2 MB');
  await new Promise((resolve) => setTimeout(resolve, 55));
  phase.end('done');
  return text;
}

describe('startPhase', () => {
  it('rewrites one line on a terminal and ends it when the phase ends', async () => {
    const text = await shown(true);
    assert.equal(text.split('\n').length, 2);
    assert.match(
      text,
      /^setup: unpacking, 0 s(\r\x1b\[2Ksetup: unpacking, 1 of 2 MB, 0 s)+\r\x1b\[2Ksetup: unpacking, done, 0 s\n$/,
    );
  });

  it('prints plain whole lines elsewhere', async () => {
    const text = await shown(false);
    assert.match(text, /^setup: unpacking\n(setup: unpacking, 1 of 2 MB, 0 s\n)+setup: unpacking, done, 0 s\n$/);
  });
});
