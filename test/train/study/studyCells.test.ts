import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStudy } from '../../../configs/load/loadStudy.js';
import { studyCells } from '../../../train/study/studyCells.js';

describe('a study manifest', () => {
  let folder: string;
  const written = (text: string) => {
    const file = join(folder, 'study.yaml');
    writeFileSync(file, text);
    return file;
  };
  const least =
    'name: s\nbases: [demo]\nsettings: [{ name: supervised, recipe: demo }]\ndata: demonstration\ntasks: [demo]\n';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'study-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('becomes a cell for each base, setting and seed, BM25 first and what needs no training before training', () => {
    const study = loadStudy(
      written(
        'name: s\nbases: [demo, qwen-0.5b]\nseeds: [1, 2]\ndata: demonstration\ntasks: [demo]\n' +
          'settings:\n  - { name: tuned, recipe: demo }\n  - { name: plain, recipe: demo, trained: false, bases: [demo] }\n',
      ),
    );
    const cells = studyCells(study, ['training.steps=9']);
    assert.deepEqual(
      cells.map(({ name, run }) => [name, run]),
      [
        ['BM25', undefined],
        ['demo plain', undefined],
        ['demo tuned 1', 's-demo-1'],
        ['qwen-0.5b tuned 1', 's-qwen-0.5b-1'],
        ['demo tuned 2', 's-demo-2'],
        ['qwen-0.5b tuned 2', 's-qwen-0.5b-2'],
      ],
    );
    assert.equal(cells[1]!.results, join('checkpoints', 'evaluations', 's-demo-plain'));
    const { config } = cells[4]!;
    assert.deepEqual([config!.seed, config!.training.steps, config!.evaluation.tasks], [2, 9, []]);
  });

  it('names the run by its setting too where a base is trained in several', () => {
    const study = loadStudy(written(least.replace('}]', '}, { name: other, recipe: study }]')));
    assert.deepEqual(
      studyCells(study).flatMap(({ run }) => run ?? []),
      ['s-demo-supervised-42', 's-demo-other-42'],
    );
  });

  const mistakes: [what: string, text: string, message: RegExp][] = [
    ['an unknown key', `${least}basis: 1\n`, /unknown setting basis; did you mean bases\?$/],
    ['an unknown key of a setting', least.replace('recipe:', 'recipee:'), /settings\.0/],
    ['a base twice', least.replace('[demo]\nset', '[demo, demo]\nset'), /bases must differ; got demo twice$/],
    [
      'a baseline that is none of its bases',
      `${least}baseline: dem\n`,
      /dem is none of its bases; did you mean demo\?$/,
    ],
    ['training without data', least.replace('data: demonstration\n', ''), /data is missing/],
    [
      'a made base that nothing uses',
      `${least}made: [{ name: x, from: demo, text: code, updates: 9, learningRate: 1 }]\n`,
      /x is made but none of the bases/,
    ],
    [
      'data that nothing is trained on',
      least.replace('recipe: demo', 'recipe: demo, trained: false'),
      /data has no effect where no setting is trained/,
    ],
  ];
  for (const [what, text, message] of mistakes)
    it(`is refused with one line for ${what}`, () =>
      assert.throws(() => loadStudy(written(text)), { name: 'UserError', message }));

  it('is found by its name, and a near name is suggested', () => {
    assert.equal(studyCells(loadStudy('eight-bases')).length, 17);
    assert.throws(() => loadStudy('eight-base'), /did you mean eight-bases\?/);
  });
});
