import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStudy } from '../../../configs/load/loadStudy.js';
import { withContent } from '../../../train/study/cellContent.js';
import type { Journal } from '../../../train/study/journal.js';
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

  // Pages were refused here although train made them.
  it('trains on what is made here, texts or drawn pages, and on no other word', () => {
    const told = least.replace('data: demonstration', 'data: demonstration-pages');
    assert.deepEqual(
      studyCells(loadStudy(written(told)), []).map(({ asked }) => asked?.data),
      [undefined, 'demonstration-pages'],
    );
    assert.throws(() => loadStudy(written(least.replace('data: demonstration', 'data: pages'))), /data: /);
  });

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

  // Both were called `final`: they shared a run, so that neither could be finished.
  it('tells bases of one last name apart', () => {
    const bases = ['a', 'b'].map((parent) => join(folder, parent, 'final'));
    for (const base of bases) cpSync('configs/bases/demo', base, { recursive: true });
    const withBases = (list: string) => studyCells(loadStudy(written(least.replace('[demo]', list))));
    assert.deepEqual(
      withBases(`[${bases.join()}]`).map(({ label, run }) => [label, run]),
      [
        ['BM25', undefined],
        ['a-final', 's-a-final-42'],
        ['b-final', 's-b-final-42'],
      ],
    );
    assert.deepEqual(
      withBases('[me/final@v1, me/final@v2]').flatMap(({ run }) => run ?? []),
      ['s-final-v1-42', 's-final-v2-42'],
    );
    assert.throws(() => withBases(`[${bases[0]}, ${bases[0]}/]`), {
      name: 'UserError',
      message: /bases .*final and .*final\/ of the study are one; leave one out/,
    });
  });

  it('is refused where two cells would be kept in one folder', () => {
    const settings = '[{ name: b-c, recipe: demo, trained: false }, { name: c, recipe: demo, trained: false }]';
    const text = `name: s\nbases: [me/a, me/a-b]\nsettings: ${settings}\ntasks: [demo]\n`;
    assert.throws(() => studyCells(loadStudy(written(text))), {
      name: 'UserError',
      message: /cells a b-c and a-b c would both be kept in .*s-a-b-c; give a setting or a base another name/,
    });
  });

  // Cells knew their files by path: other data under the same path was taken for the same, the same elsewhere was not.
  it('knows data and bases by content, wherever they lie', async () => {
    const [one, moved] = [join(folder, 'one.arrow'), join(folder, 'moved.arrow')];
    writeFileSync(one, 'x');
    writeFileSync(moved, 'x');
    const askedOf = async (data: string, journal: Journal) => {
      const study = loadStudy(written(least.replace('data: demonstration', `data: [${data}]`)));
      return (await withContent(studyCells(study), journal)).at(-1)!;
    };
    const first = await askedOf(one, {});
    const journal = { [first.name]: first.asked };
    assert.deepEqual((await askedOf(moved, journal)).asked, first.asked);
    writeFileSync(one, 'y');
    assert.notDeepEqual((await askedOf(one, journal)).asked['content'], first.asked['content']);
    rmSync(one);
    assert.deepEqual((await askedOf(one, journal)).asked, first.asked); // not here to be compared
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
