import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { seededRandom, shuffle } from '../../data/random.js';

describe('seededRandom', () => {
  it('gives the numbers that a second implementation gives', () => {
    const file = new URL('../fixtures/seededRandom.json', import.meta.url);
    const cases = JSON.parse(readFileSync(file, 'utf8')) as { parts: (number | string)[]; numbers: number[] }[];
    for (const { parts, numbers } of cases) {
      const random = seededRandom(...parts);
      assert.deepEqual(
        numbers.map(() => random()),
        numbers,
      );
    }
    assert.equal(cases.length, 7);
  });

  it('tells parts apart by kind and by place', () => {
    const firsts = [seededRandom(1, 23), seededRandom(12, 3), seededRandom('1', 23), seededRandom('1,23')].map((next) =>
      next(),
    );
    assert.equal(new Set(firsts).size, 4);
  });

  it('fills every tenth of [0, 1) about equally', () => {
    const random = seededRandom('tenths');
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) counts[Math.floor(random() * 10)]! += 1;
    // 10,000 expected in each; the standard deviation is 95.
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${counts}`);
  });
});

describe('shuffle', () => {
  it('gives every order of three items about equally often', () => {
    const random = seededRandom('orders');
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const order = shuffle(['a', 'b', 'c'], random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    // 1,000 expected of each; the standard deviation is 29.
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 150, JSON.stringify([...counts]));
  });

  it('leaves the given array as it was', () => {
    const items = [1, 2, 3, 4, 5];
    shuffle(items, seededRandom(3));
    assert.deepEqual(items, [1, 2, 3, 4, 5]);
  });
});
