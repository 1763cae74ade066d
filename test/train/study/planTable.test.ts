import assert from 'node:assert/strict';
import type { Comparison } from '../../../eval/report/comparison/comparison.js';
import type { NamedBase } from '../../../configs/load/resolveBase.js';
import { bestLines } from '../../../train/study/compareStudy.js';
import type { PlannedCell } from '../../../train/study/planStudy.js';
import { duration, planTable } from '../../../train/study/planTable.js';
import type { StudyCell } from '../../../train/study/studyCells.js';

const cell = (base: string, setting: string, seed?: number): StudyCell => ({
  ...{ name: `${base} ${setting}`, label: `${base} ${setting}`, kind: seed === undefined ? 'zero-shot' : 'trained' },
  base: { text: base, named: { name: base, recipe: 'demo', source: { folder: base } } satisfies NamedBase },
  setting: { name: setting, recipe: 'demo', trained: seed !== undefined },
  ...(seed !== undefined && { seed, run: `s-${base}-${seed}` }),
  ...{ results: base, asked: {} },
});

describe('the plan of a study', () => {
  it('shows each cell, marks what is too large, and adds up what is left', () => {
    const cells: PlannedCell[] = [
      {
        ...{ cell: cell('a', 'plain'), state: { kind: 'done' }, memoryBytes: 1.25e9, isTooLarge: false },
        ...{ trainingSeconds: 0, scoringSeconds: 0 },
      },
      {
        ...{ cell: cell('b', 'tuned', 7), state: { kind: 'unfinished', update: 20, updates: 36 } },
        ...{ memoryBytes: 20e9, isTooLarge: true, trainingSeconds: 7000, scoringSeconds: 200 },
      },
    ];
    const plan = { cells, toMake: ['b'], makingSeconds: 60, downloads: [{ name: 'a', bytes: 15.4e9 }] };
    const embeddings = { largest: 63.4e9, all: 252e9, limit: 200e9, diskFree: 1e12 };
    const missing = { missingTasks: ['nq', 'cqadupstack/tex', 'cqadupstack/gis'], missingData: [] };
    assert.equal(
      planTable({ ...plan, ...missing, embeddings, speed: 'finished cells of this study', problems: ['b takes days'] }),
      [
        'base  setting  seed  state                          memory    training  scoring',
        'a     plain          done                           1.3 GB                  0 s',
        'b     tuned    7     unfinished at update 20 of 36   20 GB !     1.9 h    3 min',
        '',
        'cells     1 of 2 done',
        'to make   b: 60 s',
        'download  a: 15.4 GB',
        'tasks     not here: nq, cqadupstack',
        'memory    up to 20 GB; ! more than is free here',
        'kept      embeddings, 252 GB, up to 63.4 GB of one corpus; the limit of 200 GB holds those used last',
        'time      2.0 h',
        'speed     finished cells of this study',
        'problem   b takes days',
      ].join('\n'),
    );
  });

  it('tells times in the units that suit them', () => {
    assert.deepEqual([12.2, 89, 100, 5400, 360_000].map(duration), ['13 s', '89 s', '2 min', '1.5 h', '100 h']);
  });
});

describe('the end of a study', () => {
  it('names the best base of each task in each setting', () => {
    const row = (model: string, task: string, value: number) => ({ model, task, metrics: { 'ndcg@10': value } });
    const comparison = {
      models: ['a tuned, 2 seeds', 'b tuned, 2 seeds', 'a plain', 'b plain'].map((name) => ({ name })),
      tasks: ['code', 'maths'].map((name) => ({ name, metrics: ['ndcg@10'] })),
      rows: [
        ...[row('a tuned, 2 seeds', 'code', 0.2), row('b tuned, 2 seeds', 'code', 0.3)],
        ...[row('a tuned, 2 seeds', 'maths', 0.5), row('b tuned, 2 seeds', 'maths', 0.4)],
        ...[row('a plain', 'code', 0.1), row('b plain', 'code', 0.1), row('a plain', 'maths', 0.9)],
      ],
    } as unknown as Comparison;
    const cells = [cell('a', 'tuned', 1), cell('b', 'tuned', 1), cell('a', 'plain'), cell('b', 'plain')];
    assert.deepEqual(bestLines(comparison, cells), ['best tuned: code b, maths a', 'best plain: code a = b']);
  });
});
