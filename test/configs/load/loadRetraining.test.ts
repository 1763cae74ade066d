import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { loadRetraining } from '../../../configs/load/loadRetraining.js';
import { namesIn } from '../../../configs/load/names.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('loadRetraining', () => {
  const at = useTemporaryFolder();
  const good = 'base: demo\ndata: [incoming]\ngate: { tasks: [one], rule: not-worse, margin: 0.01 }\n';
  const load = (text: string) => {
    writeFileSync(at('nightly.yaml'), text);
    return loadRetraining(at('nightly.yaml'));
  };

  it('reads every plan that is shipped', () => {
    for (const name of namesIn('retraining')) assert.equal(loadRetraining(name).name, name);
  });

  it('fills what a plan leaves out, and names it after its file', () => {
    const { name, from, publish, keep, checks } = load(good);
    assert.deepEqual([name, from, publish], ['nightly', 'base', 'adapter']);
    assert.deepEqual(keep, { champions: 3, runs: 5 });
    assert.deepEqual(checks, { leastRows: 1, mostRejected: 0.05, mostOverlap: 0 });
  });

  const bad: [what: string, text: string, message: RegExp][] = [
    ['an unknown key', `${good}notfy: x\n`, /nightly\.yaml:4: unknown setting notfy; .*notify/],
    ['an unknown key of the gate', good.replace('margin', 'margn'), /unknown setting gate\.margn; .*margin/],
    ['a gate without tasks', good.replace('[one]', '[]'), /gate\.tasks: .*; got \[\]/],
    ['no gate', good.replace(/gate.*/, ''), /gate is missing/],
    ['a margin without a rule', good.replace('rule: not-worse, ', ''), /gate\.rule is missing/],
    ['not-worse without a margin', good.replace(', margin: 0.01', ''), /gate\.margin is missing: not-worse needs/],
    [
      'a margin that has no effect',
      good.replace('not-worse', 'better'),
      /gate\.margin has no effect with gate\.rule better/,
    ],
    ['no data', good.replace('[incoming]', '[]'), /data: .*; got \[\]/],
    ['tasks that the gate names', `${good}set: ['evaluation.tasks=[two]']\n`, /but the gate says what is scored/],
    ['a broken file', 'base: [', /nightly\.yaml is not YAML: /],
    ['a list', '- base\n', /must hold settings as name: value/],
  ];
  for (const [what, text, message] of bad)
    it(`refuses ${what} in one line`, () => {
      assert.throws(
        () => load(text),
        (error: Error) => error instanceof UserError && message.test(error.message) && !error.message.includes('\n'),
      );
    });

  it('suggests a near name, and says which file is not there', () => {
    assert.throws(() => loadRetraining('dem'), /unknown retraining plan dem; did you mean demo/);
    assert.throws(() => loadRetraining(at('absent.yaml')), /absent\.yaml does not exist/);
  });
});
