import assert from 'node:assert/strict';
import { streamRows, type RowOptions } from '../../../data/stream/streamRows.js';
import { memoryFile } from './memoryFile.js';

async function take(count: number, options: RowOptions, files: ReturnType<typeof memoryFile>[]) {
  const taken = [];
  for await (const { example, ...rest } of streamRows(files, options)) {
    taken.push({ id: example.id, ...rest });
    if (taken.length === count) break;
  }
  return taken;
}
const ids = (taken: { id: string }[]) => taken.map(({ id }) => id);
const timesOf = (taken: { id: string }[]) => {
  const times = new Map<string, number>();
  for (const { id } of taken) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
};
const files = () => [memoryFile('a', [3, 1, 2]), memoryFile('b', [4, 4])]; // 6 and 8 rows

describe('streamRows', () => {
  const options = { seed: 3, windowRows: 5 };

  it('moves rows through the whole of the data, not within a window alone', async () => {
    const rows = 64 * 32;
    const taken = await take(rows, { seed: 1, windowRows: 256 }, [memoryFile('a', Array<number>(64).fill(32))]);
    const places = ids(taken).map((id) => Number(id.slice(1)));
    // In a random order the mean distance from the old place is a third of all.
    const moved = places.reduce((sum, row, place) => sum + Math.abs(row - place), 0) / rows / rows;
    assert.ok(Math.abs(moved - 1 / 3) < 0.05, `moved by ${moved} of all`);
    // Neighbours are of the same batch as often as 8 batches in a window make it: 31 of 255.
    const together = places.filter((row, index) => index > 0 && row >> 5 === places[index - 1]! >> 5).length / rows;
    assert.ok(Math.abs(together - 31 / 255) < 0.03, `${together} of neighbours are of one batch`);
  });

  it('gives rows as often as the weight of their file says', async () => {
    const taken = await take(2 * (12 + 4), { ...options, weights: [2, 0.5] }, files());
    for (const epoch of [taken.slice(0, 16), taken.slice(16)]) {
      const times = timesOf(epoch);
      assert.deepEqual(
        [...times].filter(([id]) => id.startsWith('a')).map(([, count]) => count),
        [2, 2, 2, 2, 2, 2],
      );
      assert.equal([...times.keys()].filter((id) => id.startsWith('b')).length, 4);
    }
    // Half of b in one epoch, the other half in the next.
    assert.deepEqual([...timesOf(taken.filter(({ id }) => id.startsWith('b'))).values()], Array(8).fill(1));
    const turns = taken.filter(({ id }) => id === 'a0').map(({ turn }) => turn);
    assert.deepEqual(turns.slice(0, 2).sort(), [0, 1]);
    assert.deepEqual(turns.slice(2).sort(), [2, 3]);
  });

  it('passes over epochs that a small weight leaves without rows', async () => {
    const taken = await take(3, { ...options, weights: [0.25] }, [memoryFile('a', [1])]);
    assert.deepEqual(ids(taken), ['a0', 'a0', 'a0']);
    // Such an epoch has no window at all, so none to go on from.
    const from = { epoch: 0, window: 1, row: 0 };
    await assert.rejects(
      take(1, { ...options, weights: [0.25], from }, [memoryFile('a', [1])]),
      /window 1, row 0\) does not exist/,
    );
  });

  it('says which row of which file each is', async () => {
    for (const { id, origin } of await take(28, options, files()))
      assert.equal(id, `${'ab'[origin.source]}${origin.row}`);
  });

  it('fills groups from one file each, and gives every row once in as many epochs', async () => {
    const taken = await take(4 * 14, { ...options, groupRows: 4 }, files());
    for (let first = 0; first < taken.length; first += 4)
      assert.equal(new Set(ids(taken.slice(first, first + 4)).map((id) => id[0])).size, 1);
    assert.deepEqual([...timesOf(taken).values()], Array(14).fill(4));
    // An epoch has 1 and 2 whole groups of the files' 6 and 8 rows, the next 2 and 2, with what was left over.
    const places = [12, 12 + 16].map((rows) => taken[rows - 1]!.next);
    assert.deepEqual(
      places.map(({ epoch, window, row }) => [epoch, window, row]),
      [
        [1, 0, 0],
        [2, 0, 0],
      ],
    );
    const firstTurns = new Map([...taken].reverse().map(({ id, turn }) => [id, turn]));
    assert.deepEqual([...firstTurns.values()], Array(14).fill(0), 'a row begins with a later turn');
    assert.ok(taken.every(({ id, origin }) => id === `${'ab'[origin.source]}${origin.row}`));
  });

  for (const [name, more] of [
    ['weights', { weights: [2, 0.6] }],
    ['groups of one file', { groupRows: 3 }],
    ['both', { groupRows: 3, weights: [1.5, 0.6] }],
  ] as const)
    it(`goes on at every row as if it had not stopped, with ${name}`, async () => {
      const all = { ...options, ...more, weights: 'weights' in more ? [...more.weights] : undefined };
      const whole = await take(40, all, files());
      for (let row = 0; row < 34; row++)
        assert.deepEqual(
          await take(5, { ...all, from: whole[row]!.next }, files()),
          whole.slice(row + 1, row + 6),
          `after row ${row}`,
        );
    });

  it('shares rows among processes: none in common, none left out, in the order of one process', async () => {
    const alone = ids(await take(30, options, files()));
    const shares = await Promise.all([0, 1, 2].map((rank) => take(10, { ...options, rank, world: 3 }, files())));
    assert.deepEqual(
      Array.from({ length: 30 }, (_, row) => shares[row % 3]![Math.floor(row / 3)]!.id),
      alone,
    );
    for (let round = 0; round < 10; round++) assert.deepEqual(shares[1]![round]!.next, shares[0]![round]!.next);
    const later = await take(4, { ...options, rank: 2, world: 3, from: shares[0]![5]!.next }, files());
    assert.deepEqual(later, shares[2]!.slice(6));
  });

  it('refuses a place that another number of files left', async () => {
    const [first] = await take(1, { ...options, groupRows: 2 }, files());
    await assert.rejects(take(1, { ...options, groupRows: 2, from: first!.next }, [memoryFile('a', [6])]), {
      name: 'UserError',
      message: 'the saved place in the training data is of other files; put them back, or start a new run',
    });
  });
});
