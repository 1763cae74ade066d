import assert from 'node:assert/strict';
import { groupOf } from '../../../eval/report/comparison/taskGroups.js';
import { identityOfName, isSameTask, taskIdentity } from '../../../eval/tasks/identity.js';
import { isSet, namedTask, taskNames, type TaskNode } from '../../../eval/tasks/taskFile.js';

const told = (name: string, stated = {}) => {
  const { set, part, split, titles } = identityOfName(name, stated);
  return [set, part, split, titles];
};

describe('the identity of a task', () => {
  // The split `test` of BEIR's msmarco, 43 queries, was shown beside figures on dev, 6,980 queries.
  it("tells MS MARCO's queries apart, whatever they are called", () => {
    const deep = { set: 'msmarco', part: null, split: 'dl19', titles: 'use' } as const;
    for (const name of ['msmarco/test', 'dl19', 'msmarco/dl19', 'trec-dl-2019', 'msmarco-v1-passage/dl19'])
      assert.deepEqual(identityOfName(name), deep, name);
    assert.deepEqual(identityOfName('msmarco', { split: 'test' }), deep);
    assert.deepEqual(taskIdentity({ set: 'MSMARCO', part: null, split: 'test', titles: 'use' }), deep);
    for (const name of ['msmarco', 'msmarco-dev', 'msmarco/dev', 'beir-msmarco', 'msmarco-passage'])
      assert.deepEqual(told(name), ['msmarco', null, 'dev', 'use'], name);
    assert.deepEqual(told('dl20'), ['msmarco', null, 'dl20', 'use']);
  });

  it('finds set, part, split and titles in the names that BEIR, CoIR and MTEB use', () => {
    assert.deepEqual(told('beir-FiQA2018'), ['fiqa', null, 'test', 'use']);
    assert.deepEqual(told('nfcorpus/dev'), ['nfcorpus', null, 'dev', 'use']);
    assert.deepEqual(told('cqadupstack/android'), ['cqadupstack', 'android', 'test', 'use']);
    assert.deepEqual(told('CQADupstackGisRetrieval'), ['cqadupstack', 'gis', 'test', 'use']);
    assert.deepEqual(told('codesearchnet-ccr/go'), ['codesearchnet-ccr', 'go', 'test', 'ignore']);
    assert.deepEqual(told('codesearchnet-titled/go'), ['codesearchnet', 'go', 'test', 'use']);
    assert.deepEqual(told('cosqa'), ['cosqa', null, 'test', 'ignore']);
    assert.deepEqual(told('cosqa', { titles: 'use' }), ['cosqa', null, 'test', 'use']);
  });

  it("leaves names of one's own as they are", () => {
    assert.deepEqual(told('My.docs'), ['My.docs', null, 'test', 'use']);
    assert.deepEqual(told('mine/2024', { split: '2024' }), ['mine', null, '2024', 'use']);
    assert.deepEqual(told('my-dev'), ['my-dev', null, 'test', 'use']);
  });

  it('is another one for each task of configs/tasks/, and found again by its name', () => {
    const all = new Map<string, string>();
    const walk = (node: TaskNode) => {
      if (isSet(node)) return node.members.forEach(walk);
      const { name, identity, split, titles } = node;
      assert.deepEqual(identityOfName(name, { split, titles }), identity, name);
      const key = JSON.stringify(identity);
      assert.ok((all.get(key) ?? name) === name, `${name} and ${all.get(key)}`);
      all.set(key, name);
    };
    for (const name of taskNames()) walk(namedTask(name));
    assert.ok(all.size > 60);
  });

  it('decides the group: titles make a task of CoIR another one', () => {
    const groups = ['dl19', 'cqadupstack/tex', 'scifact', 'cosqa', 'cosqa-titled', 'demo-code', 'x'].map((name) =>
      groupOf(identityOfName(name)),
    );
    assert.deepEqual(groups, [
      ...['MS MARCO', 'CQADupStack', 'BEIR', 'CoIR', 'CoIR, titled', 'Demonstration', 'Other tasks'],
    ]);
    assert.ok(!isSameTask(identityOfName('cosqa'), identityOfName('cosqa-titled')));
  });
});
