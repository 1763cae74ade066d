import assert from 'node:assert/strict';
import { parseSynsets } from '../../../data/demonstration/general.js';

describe('parseSynsets', () => {
  it('passes over the licence and reads words, more general sense, definition and examples of a noun', () => {
    const text = [
      '  1 This software and database is being provided to you, the LICENSEE, by  ',
      '00002684 03 n 02 object 0 physical_object 0 003 @ 00001930 n 0000 + 00533687 v 0105 ~ 00003553 n 0000 | a tangible and visible entity; an entity that can cast a shadow; "it was full of rackets, balls and other objects"  ',
      '',
    ].join('\n');
    assert.deepEqual(parseSynsets(text), [
      {
        id: 'n00002684',
        partOfSpeech: 'noun',
        lemmas: ['object', 'physical object'],
        definition: 'a tangible and visible entity; an entity that can cast a shadow',
        examples: ['it was full of rackets, balls and other objects'],
        parent: 'n00001930',
      },
    ]);
  });

  it('counts words in hexadecimal and passes over the frames of a verb', () => {
    const words = Array.from({ length: 10 }, (_, index) => `run_${index} 0`).join(' ');
    const [synset] = parseSynsets(
      `00598456 31 v 0a ${words} 002 + 07302729 n 0101 @ 00598039 v 0000 01 + 08 00 | go fast; "he ran"; "they run daily"  `,
    );
    assert.equal(synset?.lemmas.length, 10);
    assert.equal(synset?.lemmas[9], 'run 9');
    assert.equal(synset?.parent, 'v00598039');
    assert.deepEqual(synset?.examples, ['he ran', 'they run daily']);
  });

  it('takes the similar adjective for the parent, and drops the marker of place', () => {
    const [synset] = parseSynsets('00531396 00 s 02 awake(p) 0 woke 0 001 & 00531280 a 0000 | not asleep  ');
    assert.equal(synset?.id, 'a00531396');
    assert.equal(synset?.partOfSpeech, 'adjective');
    assert.deepEqual(synset?.lemmas, ['awake', 'woke']);
    assert.equal(synset?.parent, 'a00531280');
    assert.deepEqual(synset?.examples, []);
  });

  it('leaves the parent open where a sense has none', () => {
    const [synset] = parseSynsets('00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which exists  ');
    assert.equal(synset?.parent, null);
  });

  it('keeps a quotation within the definition in the definition', () => {
    const [synset] = parseSynsets(
      '00001740 02 r 01 ad_hoc 0 000 | made for the "case at hand" only; "it was chosen ad hoc"  ',
    );
    assert.equal(synset?.definition, 'made for the "case at hand" only');
    assert.deepEqual(synset?.examples, ['it was chosen ad hoc']);
  });
});
