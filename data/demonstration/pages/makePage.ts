import { shuffle } from '../../random.js';
import { baselineOf, blankPage, line, margin, writeLine, type Drawing, type Pen } from './drawing.js';
import { drawBars, drawCurve, drawPie } from './charts.js';
import type { PageFont } from './fonts.js';
import { chartKinds, colours, shapes, topics } from './pageWords.js';
import { drawShape } from './shapes.js';

export type ChartKind = (typeof chartKinds)[number];

/** A generated page, with what it shows. */
export interface Page extends Drawing {
  kind: 'report' | 'picture' | ChartKind;
  /** What may be asked for: the words of a title and of labels, or what a picture shows as colour and shape. */
  subjects: string[];
}

/** Draw a page by chance: a report, a chart or a picture. */
export function makePage(fonts: readonly PageFont[], random: () => number): Page {
  const draw = pick([report, report, chart, chart, picture], random);
  return draw({ fonts, random, words: shuffle(topics, random) });
}

interface Means {
  fonts: readonly PageFont[];
  random: () => number;
  /** All topics in a random order. */
  words: string[];
}

const papers = ['#ffffff', '#fbf7ea', '#eef3f8', '#f1f1ee'];
const inks = ['#101010', '#1b2a52', '#4a1616', '#203a24'];

/** A title, and lines about other things. */
function report({ fonts, random, words }: Means): Page {
  const [width, height] = pick([[224, 112] as const, [112, 224] as const], random);
  const drawing = blankPage(width, height, pick(papers, random));
  const pen = choosePen(fonts, random);
  const casing = pick(['lower', 'title', 'upper'] as const, random);
  const title = writeLine(
    drawing,
    words,
    { left: margin, baseline: baselineOf(0) },
    { ...pen, size: pen.size + 2 },
    casing,
  );
  const body: string[] = [];
  for (let row = 1; row < height / line; row++)
    body.push(
      ...writeLine(drawing, words.slice(title.length + body.length), { left: margin, baseline: baselineOf(row) }, pen),
    );
  return { ...drawing, kind: 'report', subjects: [...title.slice(0, 2), ...body] };
}

/** Bars, a line or a disc, with the words that its parts stand for. */
function chart({ fonts, random, words }: Means): Page {
  const drawing = blankPage(224, 112, pick(papers, random));
  const pen = choosePen(fonts, random);
  const kind = pick(chartKinds, random);
  const title = writeLine(
    ...([drawing, words.slice(0, 2), { left: margin, baseline: baselineOf(0) }, pen] as const),
    pick(['lower', 'title'] as const, random),
  );
  const draw = { bar: drawBars, line: drawCurve, disc: drawPie }[kind];
  const short = words.slice(5).filter((word) => word.length <= 7);
  const labels = draw(drawing, short, { ...pen, size: 16 }, random);
  return { ...drawing, kind, subjects: [...title, ...labels] };
}

/** Two coloured shapes on a sky of some colour, with words beneath. */
function picture({ fonts, random, words }: Means): Page {
  const drawing = blankPage(224, 112, 'url(#sky)');
  const [from, to] = shuffle(['#f6efe2', '#dfe9f5', '#e9f3e1', '#f7e6e9', '#ededed'], random);
  drawing.elements.unshift(
    `<linearGradient id="sky" x2="${random().toFixed(2)}" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`,
  );
  const [kinds, tints] = [shuffle(shapes, random), shuffle([...colours.keys()], random)];
  const shown = [0, 1].map((place) => {
    const [shape, colour] = [kinds[place]!, tints[place]!];
    const side = 60 + random() * 20;
    const [left, top] = [place * 112 + 4 + random() * (100 - side), 2 + random() * (80 - side)];
    drawing.elements.push(drawShape(shape, colours.get(colour)!, left, top, side));
    const middle = top + side / 2;
    drawing.pieces.push({ word: colour, left, top, right: left + side, bottom: middle });
    drawing.pieces.push({ word: shape, left, top: middle, right: left + side, bottom: top + side });
    return `${colour} ${shape}`;
  });
  const pen = choosePen(fonts, random);
  const caption = writeLine(drawing, words.slice(0, 2), { left: margin, baseline: baselineOf(3) }, pen);
  return { ...drawing, kind: 'picture', subjects: [...shown, ...caption] };
}

const choosePen = (fonts: readonly PageFont[], random: () => number): Pen => ({
  font: pick(fonts, random),
  size: pick([16, 18], random),
  ink: pick(inks, random),
});

const pick = <T>(items: readonly T[], random: () => number): T => items[Math.floor(random() * items.length)]!;
