import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import opentype from 'opentype.js';
import { packageFolder } from '../packageFolder.js';

/** A font whose glyphs are drawn as outlines, so that pages look the same on every machine, whatever fonts it has. */
export interface PageFont {
  name: string;
  /** How a text looks at a size of one pixel, its base line at 0. */
  write(text: string): WrittenText;
}

interface WrittenText {
  /** How far the next letter would stand to the right. */
  width: number;
  /** An SVG path, a thousand times as large. */
  outline: string;
}

/** Sans, serif, typewriter and handwriting, each with a share that makes their small letters about equally high. */
const packages: [name: string, share: number][] = [
  ['lato', 1],
  ['crimson-text', 1.18],
  ['courier-prime', 1],
  ['patrick-hand', 1.1],
];

/** The fonts of pages, read from the packages that ship them. */
export function pageFonts(): PageFont[] {
  return packages.map(([name, share]) => {
    const file = join(packageFolder(`@fontsource/${name}`), 'files', `${name}-latin-400-normal.woff`);
    const font = opentype.parse(new Uint8Array(readFileSync(file)).buffer);
    const known = new Map<string, WrittenText>();
    /** Letter by letter, without the rules of scripts that join letters, which take a hundred times as long. */
    const write = (text: string): WrittenText => {
      let width = 0;
      const outlines: string[] = [];
      for (const letter of text) {
        const glyph = font.charToGlyph(letter);
        outlines.push(glyph.getPath(width * 1000, 0, share * 1000).toPathData(0));
        width += ((glyph.advanceWidth ?? 0) / font.unitsPerEm) * share;
      }
      return { width, outline: outlines.join('') };
    };
    return {
      name,
      write(text) {
        if (!known.has(text)) known.set(text, write(text));
        return known.get(text)!;
      },
    };
  });
}
