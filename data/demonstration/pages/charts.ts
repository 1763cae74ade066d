import { baselineOf, margin, tab, writeLine, type Drawing, type Pen } from './drawing.js';

type DrawChart = (drawing: Drawing, words: readonly string[], pen: Pen, random: () => number) => string[];

const tints = ['#3465a4', '#c4661f', '#4e9a3a', '#8c4a9e', '#b3303c'];
/** Pixels from the top to where bars and curves stand, and to the letters under them. */
const ground = 82;
const under = baselineOf(3);

/** Three bars, each over its word. @returns the words */
export const drawBars: DrawChart = (drawing, words, pen, random) =>
  columns.flatMap((left, place) => {
    const height = 16 + random() * 34;
    const tint = tints[Math.floor(random() * tints.length)]!;
    const [x, width] = [left + 8, 40];
    drawing.elements.push(`<rect x="${x}" y="${ground - height}" width="${width}" height="${height}" fill="${tint}"/>`);
    drawing.pieces.push({ word: 'bar', left: x, top: ground - height, right: x + width, bottom: ground });
    return writeLine(drawing, [words[place]!], { left, baseline: under }, pen);
  });

/** A line over three words. @returns the words */
export const drawCurve: DrawChart = (drawing, words, pen, random) => {
  const heights = columns.map(() => ground - 4 - random() * 44);
  const points = columns.map((left, place) => `${left + 28} ${heights[place]!.toFixed(1)}`);
  const tint = tints[Math.floor(random() * tints.length)]!;
  drawing.elements.push(
    `<path d="M${columns[0]! + 2} 32 V${ground} H218" stroke="#777777" stroke-width="1.5" fill="none"/>`,
    `<path d="M${points.join(' L')}" stroke="${tint}" stroke-width="4" fill="none"/>`,
  );
  return columns.flatMap((left, place) => {
    const next = columns[place + 1];
    if (next !== undefined) {
      const ends = [heights[place]!, heights[place + 1]!];
      const [top, bottom] = [Math.min(...ends) - 6, Math.max(...ends) + 6];
      drawing.pieces.push({ word: 'line', left: left + 28, top, right: next + 28, bottom });
    }
    return writeLine(drawing, [words[place]!], { left, baseline: under }, pen);
  });
};

/** A disc cut into three parts, with their words beside it. @returns the words */
export const drawPie: DrawChart = (drawing, words, pen, random) => {
  const [x, y, radius] = [44, 70, 38];
  const first = Math.floor(random() * tints.length);
  let angle = random() * 2 * Math.PI;
  const shares = [0.2 + random() * 0.25, 0.2 + random() * 0.25];
  const point = (at: number) => `${(x + radius * Math.cos(at)).toFixed(1)} ${(y + radius * Math.sin(at)).toFixed(1)}`;
  drawing.pieces.push({ word: 'disc', left: x - radius, top: y - radius, right: x + radius, bottom: y + radius });
  return [...shares, 1 - shares[0]! - shares[1]!].flatMap((share, place) => {
    const end = angle + share * 2 * Math.PI;
    const tint = tints[(first + place) % tints.length]!;
    const large = share > 0.5 ? 1 : 0;
    drawing.elements.push(
      `<path fill="${tint}" d="M${x} ${y} L${point(angle)} A${radius} ${radius} 0 ${large} 1 ${point(end)} Z"/>`,
      `<rect x="97" y="${baselineOf(place + 1) - 11}" width="12" height="12" fill="${tint}"/>`,
    );
    angle = end;
    return writeLine(drawing, [words[place]!], { left: margin + 8 * tab, baseline: baselineOf(place + 1) }, pen);
  });
};

/** Where the words under a chart begin. */
const columns = [0, 5, 10].map((stop) => margin + stop * tab);
