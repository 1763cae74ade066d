import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';
import { appendHistory, drift, readHistory, type HistoryLine } from './history.js';

const lineOf = (day: string, ratios: Record<string, number>, machine = 'one'): HistoryLine => ({
  ...{ date: `2026-01-${day}T00:00:00.000Z`, commit: `c${day}`, setting: { machine }, ratios },
});

describe('the history of the benchmark', () => {
  const place = useTemporaryFolder();

  it('is a line a run, read back as written, and goes on where a line was cut off', () => {
    const file = place('history.jsonl');
    assert.deepEqual(readHistory(file), []);
    const [first, second] = [
      lineOf('01', { 'step: share of peak': 0.5 }),
      lineOf('02', { 'step: share of peak': 0.4 }),
    ];
    appendHistory(file, first);
    appendFileSync(file, '{"date": "2026-0');
    assert.deepEqual(readHistory(file), [first]);
    appendHistory(file, second);
    assert.deepEqual(readHistory(file), [first, second]);
  });

  it('refuses a file of something else by its line', () => {
    const file = place('other.jsonl');
    writeFileSync(file, `${JSON.stringify(lineOf('01', {}))}\n{"a": 1}\n`);
    assert.throws(
      () => readHistory(file),
      /line 2 of .*other\.jsonl is none that a benchmark wrote; name another file/,
    );
  });

  it('sets ratios beside the latest run of the same setting that has any of them', () => {
    const earlier = [
      lineOf('01', { speed: 2 }),
      lineOf('02', { speed: 2.5, memory: 0.5 }),
      lineOf('03', { speed: 9 }, 'another'),
      lineOf('04', { other: 1 }),
    ];
    assert.equal(
      drift(earlier, lineOf('05', { speed: 2, memory: 0.55, search: 1.25 })),
      ['ratio   2026-01-02 c02    now   change', 'speed             2.50   2.00  -20.0 %'].join('\n') +
        '\nmemory           0.500  0.550  +10.0 %\nsearch               -   1.25        -',
    );
    assert.equal(drift(earlier, lineOf('05', { speed: 2 }, 'a third')), undefined);
  });
});
