/** The outline of a shape in a square of 100, by its word. */
const outlines: Record<string, string> = {
  disc: 'M50 4 A46 46 0 1 1 49.9 4 Z',
  star: 'M50 2 L62 37 L98 38 L69 60 L80 96 L50 75 L20 96 L31 60 L2 38 L38 37 Z',
  cross: 'M36 4 H64 V36 H96 V64 H64 V96 H36 V64 H4 V36 H36 Z',
  heart: 'M50 96 C10 66 2 46 4 30 C6 8 38 0 50 26 C62 0 94 8 96 30 C98 46 90 66 50 96 Z',
  house: 'M50 4 L98 46 H86 V96 H60 V66 H40 V96 H14 V46 H2 Z',
  tree: 'M50 2 L84 46 H68 L94 78 H58 V98 H42 V78 H6 L32 46 H16 Z',
  fish: 'M2 50 C20 16 56 14 74 44 L98 18 V82 L74 56 C56 86 20 84 2 50 Z',
  flag: 'M10 2 H20 V8 H96 L78 32 L96 56 H20 V98 H10 Z',
};

/** An SVG element that shows a shape in a square of `side` pixels. */
export const drawShape = (shape: string, colour: string, left: number, top: number, side: number): string =>
  `<path fill="${colour}" transform="translate(${left} ${top}) scale(${side / 100})" d="${outlines[shape]!}"/>`;
