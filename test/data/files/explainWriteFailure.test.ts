import assert from 'node:assert/strict';
import { explainWriteFailure } from '../../../data/files/explainWriteFailure.js';
import { UserError } from '../../../configs/userError.js';

const failure = (code: string, path?: string) => Object.assign(new Error(code), { code, ...(path && { path }) });

describe('explainWriteFailure', () => {
  it('says of a full disk in one line what could not be written and how much it needs', () => {
    assert.deepEqual(
      explainWriteFailure(
        failure('ENOSPC'),
        '/runs/a/state/step-000100.partial-77-12-0-ab-cd-ef/state.safetensors',
        1234567,
      ),
      new UserError(
        'no space left to write /runs/a/state/step-000100/state.safetensors (1,234,567 bytes needed); ' +
          'free space there and run again: older files are intact',
      ),
    );
  });

  for (const [code, reason] of [
    ['EDQUOT', /^no space left to write \/a\/b; free space/],
    ['EFBIG', /^cannot write \/a\/b: a file may not be that large here; raise the limit/],
    ['EACCES', /^cannot write \/a\/b: permission is denied; .*name another place$/],
    ['EROFS', /^cannot write \/a\/b: the disk can only be read; name another place$/],
    ['ENOTDIR', /^cannot write \/a\/b: a file is in the place of a folder on the way; name another place$/],
    ['EEXIST', /^cannot write \/a\/b: a file is in the place of a folder on the way; name another place$/],
    ['ENAMETOOLONG', /^cannot write \/a\/b: the name is too long; name another place$/],
    ['EISDIR', /^cannot write \/a\/b: it is a folder; name a file$/],
  ] as const)
    it(`makes one line of ${code}`, () => {
      const explained = explainWriteFailure(failure(code, '/a'), '/a/b');
      assert.ok(explained instanceof UserError);
      assert.match(explained.message, reason);
    });

  it('says how large a file would be where that is the trouble', () => {
    const { message } = explainWriteFailure(failure('EFBIG'), '/a', 1234567) as Error;
    assert.equal(message.split(';')[0], 'cannot write /a: a file may not be that large here (1,234,567 bytes needed)');
  });

  it('passes the failure of a file that was read meanwhile', () => {
    const other = failure('EACCES', '/base/model.safetensors');
    assert.equal(explainWriteFailure(other, '/out/model.safetensors'), other);
    const near = failure('EACCES', '/out-of-reach');
    assert.equal(explainWriteFailure(near, '/out'), near);
  });

  it('passes errors of another kind', () => {
    const other = failure('EIO');
    assert.equal(explainWriteFailure(other, '/x'), other);
  });
});
