import assert from 'node:assert/strict';
import { foldText } from '../../../data/example/foldText.js';

describe('foldText', () => {
  it('levels case, punctuation and blanks', () => {
    assert.equal(foldText('  Opens  the "File", then\n(re-)reads it. '), 'opens the file then re reads it');
  });

  it('keeps letters of every script, digits and signs of mathematics apart', () => {
    assert.notEqual(foldText('1+x'), foldText('1-x'));
    assert.equal(foldText('Scale σ, Fréchet 2'), 'scale σ fréchet 2');
  });

  it('takes ligatures and full-width letters for what they stand for', () => {
    assert.equal(foldText('ﬁle Ａ'), 'file a');
  });
});
