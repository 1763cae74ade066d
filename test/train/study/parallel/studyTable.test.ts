import assert from 'node:assert/strict';
import { plainScreen, tableLines, tableScreen } from '../../../../train/study/parallel/studyTable.js';
import { timeLeft, type TimedCell } from '../../../../train/study/parallel/timeLeft.js';

const waiting = (planned?: number): TimedCell => ({ state: 'waiting', planned, seconds: 0 });
const atWork = (planned: number, seconds: number): TimedCell => ({ state: 'at work', planned, seconds });
const over = (planned: number | undefined, seconds: number): TimedCell => ({ state: 'over', planned, seconds });

describe('the time left of a study', () => {
  it('is what is planned, shared out among the slots, and no less than the longest cell', () => {
    assert.equal(timeLeft([waiting(100), waiting(100), waiting(100), waiting(100)], 2), 200);
    assert.equal(timeLeft([waiting(500), waiting(100)], 2), 500);
    assert.equal(timeLeft([atWork(100, 40), waiting(100)], 1), 160);
    assert.equal(timeLeft([over(100, 100)], 2), 0);
  });

  it('follows how finished cells kept to their plans', () => {
    assert.equal(timeLeft([over(100, 300), waiting(100)], 1), 300);
    // What was done before took no time now, and says nothing.
    assert.equal(timeLeft([over(100, 0), waiting(100)], 1), 100);
    assert.equal(timeLeft([atWork(100, 1000)], 1), 0);
  });

  it('is not known where a plan is not', () => {
    assert.equal(timeLeft([waiting(100), waiting(undefined)], 2), undefined);
  });
});

describe('the table of a study', () => {
  const names = ['base', 'qwen-math tuned 42'];
  const planned = new Map([
    ['base', 10],
    ['qwen-math tuned 42', 100],
  ]);

  it('shows every cell with its time and what it is at, and below what is left', () => {
    const rows = [
      { ...over(10, 12), name: 'base', now: 'done' },
      { ...atWork(100, 50), name: 'qwen-math tuned 42', now: 'training 18/36, 40 s left' },
      { ...waiting(100), name: 'x', now: 'waiting' },
    ];
    assert.deepEqual(tableLines(rows, 1), [
      'base                12 s  done',
      'qwen-math tuned 42  50 s  training 18/36, 40 s left',
      'x                         waiting',
      '1 of 3 cells over, 1 at work, 3 min left',
    ]);
  });

  it('is drawn anew on a terminal as cells begin, speak and end', () => {
    let shown: readonly string[] = [];
    const live = { show: (lines: readonly string[]) => void (shown = lines), say: () => {}, stop: () => {} };
    let ms = 0;
    const screen = tableScreen(names, planned, 2, live, assert.fail, () => ms);
    screen.begun('base', 'to do');
    screen.said('base', 'encoding 3/9, 5 s left');
    ms = 4000;
    screen.draw();
    assert.match(shown[0]!, /^base +4 s {2}encoding 3\/9, 5 s left$/);
    screen.ended('base', 'done');
    assert.equal(shown.at(-1), '1 of 2 cells over, 0 at work, 40 s left');
  });

  it('is lines that name their cells where there is no terminal', () => {
    const said: string[] = [];
    const screen = tableScreen(
      names,
      planned,
      2,
      undefined,
      (line) => void said.push(line),
      () => 0,
    );
    screen.begun('base', 'to do');
    screen.said('base', 'encoding 3/9');
    screen.ended('base', 'failed: it broke');
    assert.deepEqual(said, [
      'base: begun, to do',
      'base: encoding 3/9',
      'base: failed: it broke; 1 of 2 cells over, 0 at work, 2 min left',
    ]);
  });

  it('is a line a cell where cells are worked on one by one', () => {
    const said: string[] = [];
    const screen = plainScreen(names, (line) => void said.push(line));
    screen.begun('qwen-math tuned 42', 'to do');
    screen.said('qwen-math tuned 42', 'training 1/2');
    screen.ended('qwen-math tuned 42', 'failed: it broke');
    screen.ended('base', 'done');
    assert.deepEqual(said, [
      'cell 2 of 2: qwen-math tuned 42, to do',
      '  training 1/2',
      'cell qwen-math tuned 42 failed: it broke',
    ]);
  });
});
