import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { explainSystemFailure } from '../../../configs/cli/explainSystemFailure.js';

const failure = (code: string, message: string, more: object = {}) =>
  Object.assign(new Error(`${code}: ${message}`), { code, syscall: 'open', ...more });

// Such refusals ended in a stack where nothing nearer to them had thought of them.
describe('explainSystemFailure', () => {
  it('names what was refused and what can be done, in one line', () => {
    assert.equal(
      explainSystemFailure(failure('EMFILE', "too many open files, open '/a b'", { path: '/a b' })),
      'the system refuses open /a b: too many open files (EMFILE); raise the limit of open files (ulimit -n)',
    );
    assert.equal(
      explainSystemFailure(failure('ENOSPC', 'no space left on device, write', { syscall: 'write' })),
      'the system refuses write: no space left on device (ENOSPC); free space there and run again',
    );
  });

  it('leaves our own faults as they are', () => {
    const absent = (() => {
      try {
        return readFileSync('/none/at/all');
      } catch (error) {
        return error;
      }
    })();
    for (const error of [absent, new Error('ENOSPC'), new TypeError('x'), 'text', undefined])
      assert.equal(explainSystemFailure(error), undefined);
  });
});
