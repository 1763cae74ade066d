import assert from 'node:assert/strict';
import { loadConfig } from '../../../configs/load/loadConfig.js';
import { loadTaskList } from '../../../eval/tasks/taskList.js';
import { writeBeir } from '../../../data/task/beir.js';
import { operationsOf } from '../../../train/study/operations.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('the operations of a run', () => {
  const place = useTemporaryFolder();
  const shape = {
    ...{ layers: 2, hidden: 8, intermediate: 16, heads: 2, kvHeads: 1, headDim: 4, vocabularyRows: 100 },
    ...{ tied: true, ropeTheta: 10_000, visionParameters: 0 },
  };

  it('count scoring while training: each of its samples, after every so many updates and the last', async () => {
    const numbers = Array.from({ length: 12 }, (_, number) => number);
    await writeBeir(place('twelve'), 'test', {
      corpus: numbers.map((number) => ({ id: `d${number}`, title: '', text: 'text' })),
      queries: numbers.map((number) => ({ id: `q${number}`, text: 'query' })),
      qrels: new Map(numbers.map((number) => [`q${number}`, new Map([[`d${number}`, 1]])])),
    });
    const { tasks } = loadTaskList([place('twelve')]);
    const operations = async (...settings: string[]) => {
      const { config } = loadConfig('demo', ['training.steps=12', ...settings]);
      const isScored = config.evaluation.everySteps !== undefined;
      return operationsOf(shape, config, 100, { tasks, during: isScored ? tasks : [] });
    };
    const named = [`evaluation.duringTasks=[${place('twelve')}]`, 'evaluation.everySteps=5'];
    const { encoding, during } = await operations();
    assert.ok(encoding! > 0);
    assert.equal(during, 0);
    // After updates 5, 10 and 12.
    assert.equal((await operations(...named)).during, 3 * encoding!);
    const half = [...named, 'evaluation.sampleQueries=6', 'evaluation.sampleDocuments=6'];
    assert.equal((await operations(...half)).during, (3 * encoding!) / 2);
  });
});
