import assert from 'node:assert/strict';
import { blankPage, toSvg, writeLine } from '../../../../data/demonstration/pages/drawing.js';
import { pageFonts, type PageFont } from '../../../../data/demonstration/pages/fonts.js';
import { tileWords } from '../../../../data/demonstration/pages/tileWords.js';

describe('pages', () => {
  /** Each letter takes half of the size. */
  const font: PageFont = { name: 'plain', write: (text) => ({ width: text.length / 2, outline: 'M0 0' }) };

  it('sets words at stops of 14 pixels, and leaves out what has no room', () => {
    const page = blankPage(112, 28, '#fff');
    const written = writeLine(
      page,
      ['time', 'river', 'sand', 'to'],
      { left: 3, baseline: 20 },
      { font, size: 10, ink: '#000' },
    );
    // Behind `time`, which ends at 23, and a blank of 3.5 the next stop is 3 + 2 * 14; `river` ends at 56, and 59.5 is just
    // behind the stop at 59; `sand` ends at 93, `to` at 111.
    assert.deepEqual(written, ['time', 'river', 'sand', 'to']);
    assert.deepEqual(
      page.pieces.map(({ left }) => left),
      [3, 31, 73, 101],
    );
    assert.deepEqual(page.pieces[0], { word: 'time', left: 3, top: 13, right: 23, bottom: 22 });
    const narrow = blankPage(60, 28, '#fff');
    assert.deepEqual(
      writeLine(narrow, ['time', 'rivers', 'to'], { left: 3, baseline: 20 }, { font, size: 10, ink: '#000' }),
      ['time'],
    );
  });

  it('tells for each tile the word that covers most of it, and nothing where less than a letter and a half is', () => {
    const page = blankPage(84, 28, '#fff');
    page.pieces.push({ word: 'time', left: 3, top: 8, right: 43, bottom: 22 }); // 25, then 15 pixels wide, 14 high
    page.pieces.push({ word: 'sand', left: 45, top: 8, right: 62, bottom: 22 }); // 11, then 6 wide: 84 square pixels
    assert.deepEqual(tileWords(page, 28), ['time', 'time', undefined]);
  });

  it('writes in fonts of packages as outlines, so that no font of the machine is used', () => {
    const fonts = pageFonts();
    assert.deepEqual(
      fonts.map(({ name }) => name),
      ['lato', 'crimson-text', 'courier-prime', 'patrick-hand'],
    );
    const courier = fonts[2]!;
    // Every glyph of Courier Prime is 1,228 of 2,048 units wide.
    assert.equal(courier.write('mill').width.toFixed(4), ((4 * 1228) / 2048).toFixed(4));
    const page = blankPage(112, 28, '#fff');
    writeLine(page, ['time'], { left: 3, baseline: 20 }, { font: courier, size: 16, ink: '#000' }, 'title');
    assert.equal(page.pieces[0]!.word, 'time');
    assert.ok(!/<text|font-family/.test(toSvg(page)));
    assert.equal(new Set(fonts.map((each) => each.write('sand').outline)).size, 4);
  });
});
