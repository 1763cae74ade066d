import assert from 'node:assert/strict';
import { liveLines } from '../../../configs/cli/liveLines.js';

describe('liveLines', () => {
  it('draws lines in the place of those before, cut at the width, and others above them', () => {
    let written = '';
    const write = (text: string) => ((written += text), true);
    const live = liveLines({ columns: 8, rows: 4, write } as unknown as NodeJS.WriteStream);
    const taken = () => {
      const now = written.replaceAll('\u001b', '');
      written = '';
      return now;
    };
    live.show(['one', 'a line that is too long']);
    assert.equal(taken(), '[0Jone\na line \n');
    live.say('said');
    assert.equal(taken(), '[8D[2A[0Jsaid\none\na line \n'); // two up, and all below cleared
    live.show(['1', '2', '3', '4', '5']);
    assert.equal(taken(), '[8D[2A[0J3\n4\n5\n'); // the last ones, where the screen is too low
    live.stop();
    live.show(['x']);
    assert.equal(taken(), '[0Jx\n');
  });
});
