import assert from 'node:assert/strict';
import { requireStartContract, type StartAdapter } from '../../../train/loop/startAdapter.js';

describe('requireStartContract', () => {
  const start = { folder: 'theirs', contract: undefined } as StartAdapter;

  // An adapter of another tool was trained on without a word about prompts and lengths that it may not have been made with.
  it('says of an adapter without a contract what cannot be checked', () => {
    const [line, ...others] = requireStartContract(start, {} as never, []);
    assert.match(line!, /^the adapter theirs has no contract\.json: [^\n]*prefixes, lengths[^\n]* cannot be checked$/);
    assert.deepEqual(others, []);
  });

  it('refuses to allow differences where nothing says that there are any', () => {
    assert.throws(
      () => requireStartContract(start, {} as never, ['queryPrefix']),
      /^UserError: --allow-contract queryPrefix has no effect: queryPrefix is not stated by theirs; leave it out$/,
    );
  });
});
