import assert from 'node:assert/strict';
import { suggest } from '../../../configs/load/suggest.js';

describe('suggest', () => {
  it('names the near one', () => {
    assert.equal(suggest('qwen-mth', ['qwen-base', 'qwen-math']), 'did you mean qwen-math?');
  });

  it('allows a third of a long name to be wrong, and two letters of a short one', () => {
    assert.equal(suggest('abcdefghi', ['abcdefXYZ']), 'did you mean abcdefXYZ?');
    assert.equal(suggest('abcdefghi', ['abcdeWXYZ']), 'known here: abcdeWXYZ');
    assert.equal(suggest('abc', ['aXY']), 'did you mean aXY?');
  });

  it('lists all where none is near', () => {
    assert.equal(suggest('elephant', ['demo', 'qwen-math']), 'known here: demo, qwen-math');
  });

  it('says nothing where nothing is known', () => {
    assert.equal(suggest('demo', []), '');
  });
});
