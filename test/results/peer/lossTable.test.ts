import assert from 'node:assert/strict';
import { lossTable } from './lossTable.js';

describe('lossTable', () => {
  const log = [
    '{"event":"start"}',
    '{"event":"step","loss":3,"tokens":100,"tokensPerSecond":50}',
    '{"event":"save"}',
    '{"event":"step","loss":2.5,"tokens":300,"tokensPerSecond":100}',
  ];

  it('sets losses side by side, with the most they were apart by then, and adds up the seconds of either side', () => {
    const table = lossTable(log, ['{"loss":3.5,"seconds":4}', '{"loss":2.5,"seconds":6.25}']);
    assert.match(table, /^\| 1 \| 3\.00000 \| 3\.50000 \| 5\.0e-1 \|$/m);
    assert.match(table, /^\| 2 \| 2\.50000 \| 2\.50000 \| 5\.0e-1 \|$/m);
    assert.match(table, /tercet 5\.0, sentence-transformers 10\.3$/m);
  });

  it('refuses sides of unlike numbers of updates', () => {
    assert.throws(() => lossTable(log, ['{"loss":3.5,"seconds":4}']), /^Error: 2 updates of ours, 1 of theirs$/);
  });
});
