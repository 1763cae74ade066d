import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { loadConfig, parseConfig } from '../../../configs/load/loadConfig.js';
import { namesIn } from '../../../configs/load/names.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

/** The message, which must be one line of a UserError. */
function refusal(...args: Parameters<typeof loadConfig>): string {
  let message = '';
  assert.throws(
    () => loadConfig(...args),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      message = error.message;
      return true;
    },
  );
  assert.ok(!message.includes('\n'), message);
  return message;
}

describe('loadConfig', () => {
  const inFolder = useTemporaryFolder();

  async function recipe(yaml: string): Promise<string> {
    await writeFile(inFolder('own.yaml'), yaml);
    return inFolder('own.yaml');
  }

  it('reads every recipe in configs/recipes/', () => {
    for (const name of namesIn('recipes')) assert.deepEqual(loadConfig(name).overridden, []);
  });

  it('reads a YAML file and fills what it leaves out', async () => {
    const { config } = loadConfig(await recipe('lora:\n  rank: 8 # small\n'));
    assert.deepEqual(config, parseConfig({ lora: { rank: 8 } }));
    assert.deepEqual([config.lora.rank, config.lora.alpha, config.seed], [8, 64, 42]);
  });

  it('takes a file with no settings for the defaults', async () => {
    assert.deepEqual(loadConfig(await recipe('# nothing yet\n')).config, parseConfig({}));
  });

  it('refuses a recipe that does not exist, with the near name', () => {
    assert.equal(refusal('stdy'), 'unknown recipe stdy; did you mean study?');
    assert.equal(refusal('none.yaml'), 'recipe file none.yaml does not exist');
  });

  // It once ended with a stack of readFileSync.
  it('refuses a folder that is named like a recipe file', async () => {
    await mkdir(inFolder('own.yaml'));
    assert.equal(refusal(inFolder('own.yaml')), `recipe ${inFolder('own.yaml')} is a folder; name a YAML file`);
  });

  it('refuses a file that is not YAML, or not settings', async () => {
    const file = await recipe('lora: [1\n');
    assert.match(refusal(file), /own\.yaml is not YAML: .* at line 2, column 1$/);
    assert.equal(refusal(await recipe('- lora\n')), `${file} must hold settings as name: value`);
  });

  it('names an unknown setting and the near one, at the top and in a group', async () => {
    // The message told neither the file, of which a study has several, nor the line.
    const file = await recipe('# a comment\nlorra: {}\n');
    assert.equal(refusal(file), `${file}:2: unknown setting lorra; did you mean lora?`);
    assert.equal(
      refusal(await recipe('seed: 1\ntraining: { epochs: 1,\n  stepz: 3 }\n')),
      `${file}:3: unknown setting training.stepz; did you mean steps?`,
    );
    assert.equal(
      refusal(await recipe('loss: { margin: 3 }\n')),
      `${file}:1: unknown setting loss.margin; known here: temperature, maskRelevant, falseNegativeMargin`,
    );
  });

  it('names the setting, the rule and the value of what cannot be used', async () => {
    const cases = [
      ['lora: { rank: many }', 'lora.rank: Invalid input: expected number, received string; got "many"'],
      ['lora: { rank: 1.5 }', 'lora.rank: Invalid input: expected int, received number; got 1.5'],
      ['lora: 5', 'lora: Invalid input: expected object, received number; got 5'],
      ['lora: { dropout: 1 }', 'lora.dropout: Too big: expected number to be <1; got 1'],
      ['loss: { temperature: 0 }', 'loss.temperature: Too small: expected number to be >0; got 0'],
      [
        'contract: { precision: fp16 }',
        'contract.precision: Invalid option: expected one of "float32"|"bfloat16"|"float16"; got "fp16"',
      ],
      [
        'contract: { queryMaxLength: 2 }',
        'contract.queryMaxLength: must be 3 or more, to leave room for a token beyond BOS and EOS; got 2',
      ],
      [
        'contract: { passageMaxLength: 1, appendEos: false }',
        'contract.passageMaxLength: must be 2 or more, to leave room for a token beyond BOS; got 1',
      ],
      [
        'contract: { answerStart: "It is" }',
        'contract.answerStart: has no effect without contract.chatTemplate=true; got "It is"',
      ],
      [
        'contract: { appendEos: false, eosToken: <|end|> }',
        'contract.eosToken: has no effect with contract.appendEos=false; got "<|end|>"',
      ],
      ['lora: { targets: [q, v, q] }', 'lora.targets: each projection must be named once; got ["q","v","q"]'],
      [
        'evaluation: { everySteps: 5 }',
        'evaluation.everySteps: has no effect without evaluation.duringTasks, the tasks to score while training; got 5',
      ],
      [
        'evaluation: { duringTasks: [scifact] }',
        'evaluation.duringTasks: has no effect without evaluation.everySteps, the updates between two scorings; got ["scifact"]',
      ],
      [
        'evaluation: { sampleQueries: 9 }',
        'evaluation.sampleQueries: has no effect without evaluation.duringTasks, the tasks to score while training; got 9',
      ],
      [
        'evaluation: { sampleDocuments: 9 }',
        'evaluation.sampleDocuments: has no effect without evaluation.duringTasks, the tasks to score while training; got 9',
      ],
      [
        'evaluation: { everySteps: 0, duringTasks: [scifact] }',
        'evaluation.everySteps: Too small: expected number to be >=1; got 0',
      ],
      [
        'training: { keepBest: true }',
        'training.keepBest: has no effect without evaluation.everySteps and evaluation.duringTasks, by which the best is found; got true',
      ],
      [
        'training: { patience: 2 }',
        'training.patience: has no effect without training.keepBest=true, which waits for a better one; got 2',
      ],
      ['training: { patience: -1, keepBest: true }', 'training.patience: Too small: expected number to be >=1; got -1'],
      [
        'training: { passagesPerQuery: 1, queriesPerPool: 1 }',
        'training.passagesPerQuery: must be at least 2 where training.queriesPerPool is 1: there would be no negative; got 1',
      ],
    ] as const;
    for (const [yaml, message] of cases)
      assert.equal(refusal(await recipe(yaml)), `${inFolder('own.yaml')}:1: ${message}`);
    assert.match(
      refusal(await recipe('lora: { targets: [q,\n x] }')),
      /own\.yaml:2: lora\.targets\.1: .*"gate".*; got "x"$/,
    );
  });

  describe('with --set', () => {
    it('overrides in order, and tells which settings', () => {
      const { config, overridden } = loadConfig('study', ['lora.rank=4', 'seed=7', 'lora.rank=8']);
      assert.deepEqual([config.lora.rank, config.seed], [8, 7]);
      assert.deepEqual(overridden, ['lora.rank', 'seed', 'lora.rank']);
    });

    it('reads values as YAML', () => {
      const { config } = loadConfig('study', [
        'optimizer.learningRate=2e-4',
        'lora.targets=[q, v]',
        'loss.maskRelevant=true',
        'schedule={ kind: cosine, warmupSteps: 0 }',
        'contract.queryPrefix="Query: "',
        "contract.passagePrefix=''",
      ]);
      assert.equal(config.optimizer.learningRate, 2e-4);
      assert.deepEqual(config.lora.targets, ['q', 'v']);
      assert.equal(config.loss.maskRelevant, true);
      assert.deepEqual(config.schedule, { kind: 'cosine', warmupSteps: 0 });
      assert.deepEqual([config.contract.queryPrefix, config.contract.passagePrefix], ['Query: ', '']);
    });

    it('checks them like those of the file', () => {
      assert.equal(refusal('study', ['lora.rnak=8']), 'unknown setting lora.rnak; did you mean rank?');
      assert.match(refusal('study', ['lora.rank=0']), /^lora\.rank: .*; got 0$/);
    });

    it('refuses what is not path=value', () => {
      for (const override of ['lora.rank', '=8', 'lora..rank=8', 'lora.=8'])
        assert.equal(
          refusal('study', [override]),
          `--set takes path=value, such as lora.rank=8; got ${JSON.stringify(override)}`,
        );
    });

    // It once reached Object.prototype and gave every object of the process a seed.
    it('reaches nothing but settings', () => {
      assert.match(refusal('study', ['__proto__.seed=7']), /^--set takes path=value/);
      assert.ok(!('seed' in {}));
    });

    it('refuses a path through a setting', () => {
      assert.equal(
        refusal('demo', ['lora.rank.x=8']),
        '--set lora.rank.x=8: rank is a setting, not a group of settings',
      );
    });

    // A value that is not YAML once ended the program with a stack, as if it were our fault.
    it('refuses a value that is not YAML in one line', () => {
      assert.equal(
        refusal('study', ['lora.targets=[q']),
        '--set lora.targets=[q: Flow sequence must end with a ] at line 1, column 3',
      );
    });

    // YAML made `Query` of `Query #1`, blanks of line breaks, a group of `Query:`, and nothing of `&a`, `!x` and `|`.
    it('takes a text byte by byte', () => {
      const texts = [
        'Query:',
        ' Query ',
        'Query #1',
        'a\nb',
        'a \n\n b\r\n',
        '&a',
        '!x',
        '|',
        '>',
        '*',
        '[q',
        '{',
        '# x',
      ];
      for (const text of [
        ...texts,
        '',
        'null',
        '1e3',
        'true',
        '"',
        '"a" or "b"',
        "it's",
        "'tis",
        '---',
        '%',
        '@a',
        '`',
      ])
        assert.equal(loadConfig('study', [`contract.queryPrefix=${text}`]).config.contract.queryPrefix, text);
    });

    it('takes what lies between quotes around a whole text', () => {
      const cases = [
        ['"Query: "', 'Query: '],
        ['"a\\tb\\n"', 'a\tb\n'],
        ['"a \n b"', 'a \n b'],
        ['"say \\"x\\""', 'say "x"'],
        ["'it''s #1\n'", "it's #1\n"],
      ] as const;
      for (const [text, wanted] of cases)
        assert.equal(loadConfig('study', [`contract.passageSuffix=${text}`]).config.contract.passageSuffix, wanted);
      assert.match(
        refusal('study', ['contract.queryPrefix="\\q"']),
        /^--set contract\.queryPrefix="\\q": Invalid escape/,
      );
    });
  });

  describe('with epochs and steps', () => {
    it('refuses both in one file', async () => {
      const message = 'training.epochs has no effect when training.steps is set; state one of the two';
      assert.equal(refusal(await recipe('training: { epochs: 1, steps: 5 }')), `${inFolder('own.yaml')}:1: ${message}`);
      assert.equal(refusal('study', ['training.epochs=2', 'training.steps=5']), message);
    });

    it('lets --set replace the one by the other', async () => {
      const { training: inSteps } = loadConfig('study', ['training.steps=5']).config;
      assert.equal(inSteps.steps, 5);
      const byEpochs = loadConfig(await recipe('training: { steps: 5 }'), ['training.epochs=0.5']).config;
      assert.deepEqual([byEpochs.training.steps, byEpochs.training.epochs], [undefined, 0.5]);
    });
  });
});
