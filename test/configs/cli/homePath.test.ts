import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, homePath, standingElsewhere } from '../../../configs/cli/homePath.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

// npm goes to the checkout before it starts a script: `npm --prefix tercet run data -- import train.jsonl` looked for the
// file there, and wrote its output there.
describe('relative paths', () => {
  const place = useTemporaryFolder();
  const told = (changed: object = {}) => ({
    ...{ INIT_CWD: place(), npm_package_json: join(checkout, 'package.json'), npm_lifecycle_event: 'data' },
    ...changed,
  });

  it('are seen from where npm was started, in the checkout or in a command that one of ours started', () => {
    assert.equal(standingElsewhere(told(), checkout), place());
    assert.equal(standingElsewhere(told(), place()), place());
    assert.equal(standingElsewhere(told({ INIT_CWD: join(checkout, 'data') }), checkout), join(checkout, 'data'));
    symlinkSync(checkout, place('linked'));
    assert.equal(standingElsewhere(told({ npm_package_json: place('linked/package.json') }), checkout), place());
  });

  it('are seen from the working folder in all other cases', () => {
    mkdirSync(place('other'));
    const others: [what: string, env: NodeJS.ProcessEnv, folder: string][] = [
      ['no npm', {}, checkout],
      ['started in the checkout', told({ INIT_CWD: checkout }), checkout],
      ['npm test', told({ npm_lifecycle_event: 'test' }), checkout],
      ['npx', told({ npm_lifecycle_event: 'npx' }), checkout],
      ['a script of another package', told({ npm_package_json: place('package.json') }), checkout],
      ['a test that starts a command in a folder of its own', told(), place('other')],
      ['a folder that is gone', told({ INIT_CWD: place('gone') }), checkout],
    ];
    for (const [what, env, folder] of others) assert.equal(standingElsewhere(env, folder), undefined, what);
    assert.equal(homePath('data/cache'), 'data/cache');
  });

  it('mean what they mean to the user of a real command', function () {
    this.timeout(120_000);
    writeFileSync(place('train.jsonl'), '{"query":"a","pos":["x"],"neg":["y"]}\n');
    const args = ['run', '--silent', 'data', '--', 'import', 'train.jsonl', '--output', 'made/train.arrow'];
    const { status, stderr } = spawnSync('npm', ['--prefix', checkout, ...args], { cwd: place(), encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.ok(existsSync(place('made/train.arrow')));
  });
});
