import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, openSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { parseDataSpec } from '../../../data/stream/dataSpec.js';
import { fileIdentity } from '../../../data/files/fileIdentity.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('fileIdentity', () => {
  const at = useTemporaryFolder();

  it('is that of the content, and changes with its beginning, middle, end and size', async () => {
    const bytes = Buffer.alloc(3_000_000, 7);
    writeFileSync(at('a'), bytes);
    const whole = await fileIdentity(at('a'));
    copyFileSync(at('a'), at('b'));
    assert.equal(await fileIdentity(at('b')), whole);
    // 100,000 lies between the blocks that alone were read before.
    for (const place of [0, 100_000, 2_999_999]) {
      copyFileSync(at('a'), at('b'));
      const file = openSync(at('b'), 'r+');
      writeSync(file, Buffer.of(8), 0, 1, place);
      closeSync(file);
      assert.notEqual(await fileIdentity(at('b')), whole, `byte ${place}`);
    }
    copyFileSync(at('a'), at('b'));
    appendFileSync(at('b'), Buffer.of(7));
    assert.notEqual(await fileIdentity(at('b')), whole);
  });

  it('reads files smaller than a block, and says in one line what cannot be read', async () => {
    writeFileSync(at('small'), 'x');
    writeFileSync(at('other'), 'y');
    assert.notEqual(await fileIdentity(at('small')), await fileIdentity(at('other')));
    await assert.rejects(fileIdentity(at('absent')), { name: 'UserError', message: /^cannot read .*absent/ });
  });
});

describe('parseDataSpec', () => {
  const at = useTemporaryFolder();

  it('takes a weight behind a colon, unless a file has that name', () => {
    assert.deepEqual(parseDataSpec('a.arrow'), { path: 'a.arrow', weight: 1 });
    assert.deepEqual(parseDataSpec('a.arrow:2'), { path: 'a.arrow', weight: 2 });
    assert.deepEqual(parseDataSpec('x/b:c.arrow:0.5'), { path: 'x/b:c.arrow', weight: 0.5 });
    writeFileSync(at('a:2'), '');
    assert.deepEqual(parseDataSpec(at('a:2')), { path: at('a:2'), weight: 1 });
  });

  it('refuses a weight that is not above 0', () => {
    for (const weight of ['0', '-1', '1.2.3'])
      assert.throws(() => parseDataSpec(`a:${weight}`), {
        name: 'UserError',
        message: `the weight of a training file must be a number above 0, as in a:2; got ${weight}`,
      });
  });
});
