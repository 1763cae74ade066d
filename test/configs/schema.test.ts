import assert from 'node:assert/strict';
import { loadConfig, parseConfig } from '../../configs/load/loadConfig.js';

/** The supervised recipe of arXiv 2507.03958, as its scripts and logs give it: 128 queries an update in pools of 32. */
const study = {
  seed: 42,
  contract: {
    queryPrefix: 'Query:',
    passagePrefix: 'Passage:',
    querySuffix: '',
    passageSuffix: '',
    titleRule: 'title-blank-text',
    chatTemplate: false,
    answerStart: '',
    queryMaxLength: 32,
    passageMaxLength: 156,
    appendEos: true,
  },
  lora: { rank: 32, alpha: 64, dropout: 0.1, targets: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] },
  loss: { temperature: 0.01 },
  optimizer: {
    learningRate: 1e-4,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    maxGradNorm: 1,
  },
  schedule: { kind: 'log-warmup', warmupSteps: 100 },
  training: { epochs: 1, queriesPerPool: 32, passagesPerQuery: 16, poolsPerUpdate: 4, saveEverySteps: 200 },
};

describe('the defaults of the schema', () => {
  const { contract, loss, training, evaluation, image, ...rest } = parseConfig({});

  it("are the study's recipe", () => {
    const { precision, ...otherContract } = contract;
    const { epochs, queriesPerPool, passagesPerQuery, poolsPerUpdate, saveEverySteps } = training;
    assert.deepEqual(
      {
        ...rest,
        contract: otherContract,
        loss: { temperature: loss.temperature },
        training: { epochs, queriesPerPool, passagesPerQuery, poolsPerUpdate, saveEverySteps },
      },
      study,
    );
    assert.equal(precision, 'bfloat16');
    assert.equal(training.steps, undefined);
    assert.deepEqual(evaluation.tasks, []);
  });

  it('read an image as most peers do: at most 768 tokens of it', () => {
    assert.deepEqual(image, {
      minPixels: 4 * 28 * 28,
      maxPixels: 768 * 28 * 28,
      order: 'text-first',
      positions: 'mrope',
      alpha: 'drop',
    });
    assert.throws(
      () => parseConfig({ image: { minPixels: 9, maxPixels: 8 } }),
      /image\.maxPixels: must be at least image\.minPixels/,
    );
  });

  it('mask passages known to be relevant, which the study did not: its recipe says so', () => {
    assert.equal(loss.maskRelevant, true);
    const { config } = loadConfig('study');
    assert.deepEqual(config, {
      ...{ contract, image, ...rest, loss: { ...loss, maskRelevant: false } },
      training: { ...training, datasets: ['msmarco-train'] },
      evaluation: { ...evaluation, tasks: ['msmarco-dev', 'dl19', 'dl20'] },
    });
  });

  it('are made anew for each run', () => {
    parseConfig({}).lora.targets.pop();
    assert.equal(parseConfig({}).lora.targets.length, 7);
  });
});
