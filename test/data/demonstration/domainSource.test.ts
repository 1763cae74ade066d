import assert from 'node:assert/strict';
import { cutText, firstSentence } from '../../../data/demonstration/domainSource.js';

describe('firstSentence', () => {
  it('ends at the first full stop before a blank and leaves it out', () => {
    assert.equal(firstSentence('Reads file.txt\n  at once. Then closes it.'), 'Reads file.txt at once');
  });

  it('does not end at an abbreviation', () => {
    assert.equal(
      firstSentence('Takes names, e.g. of files, i.e. paths. More.'),
      'Takes names, e.g. of files, i.e. paths',
    );
  });

  it('drops the colon that leads over to a list', () => {
    assert.equal(firstSentence('Possible values are:'), 'Possible values are');
  });
});

describe('cutText', () => {
  it('keeps a text that fits', () => assert.equal(cutText('one two', 7), 'one two'));

  it('cuts at the last line end that fits, or at a blank where there is none', () => {
    assert.equal(cutText('first\nsecond line', 14), 'first');
    assert.equal(cutText('one two three', 9), 'one two');
  });

  it('keeps a word that ends exactly at the limit', () => assert.equal(cutText('one two three', 7), 'one two'));
});
