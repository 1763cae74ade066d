import assert from 'node:assert/strict';
import { withoutCredentials } from '../../configs/withoutCredentials.js';

// The password in HF_ENDPOINT and of a proxy was printed with the first error.
describe('withoutCredentials', () => {
  it('leaves out user and password of every URL in a text, and nothing else', () => {
    const cases = [
      ['https://me:s3cret@hub.example/a is no model', 'https://hub.example/a is no model'],
      ['see http://token@one.example, ftp://a:b@two.example', 'see http://one.example, ftp://two.example'],
      ['base qwen@main at https://hub.example/a@b?c=d@e', 'base qwen@main at https://hub.example/a@b?c=d@e'],
    ] as const;
    for (const [text, shown] of cases) assert.equal(withoutCredentials(text), shown);
  });
});
