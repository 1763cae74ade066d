/** Weights of red, green and blue: light, and what sets colours of one light apart. */
const light = [1, 1, 1];
const colours = [
  [1, -1, 0],
  [0.5, 0.5, -1],
];

/** The wave without end would be many times as loud as all others: nearly all of a page is bright paper. */
const paper = 10;

/** Waves of colour: a patch is no finer in it than this. */
const colourWaves = 3;

/**
 * What a patch embedding begins with: cosine waves over the patch, from the longest on, nearly all of them of light and the
 * longest of colour too. They keep most of what a patch shows, as a JPEG does, so nothing of it has to be learned first; from
 * random filters the same tower takes many times as long to its first word.
 * Source: discrete cosine transform (Ahmed, Natarajan and Rao 1974), type II.
 * @returns [filters, 3 * patch * patch], by channel, row and column; each of length one but the flat ones
 */
export function patchFilters(filters: number, patch: number): Float32Array {
  const waves = Array.from(
    { length: patch * patch },
    (_, index) => [Math.floor(index / patch), index % patch] as const,
  ).sort(([a, b], [c, d]) => a + b - c - d || a - c);
  const ofColour = colours.flatMap((weights) => waves.slice(0, colourWaves).map((wave) => ({ weights, wave })));
  const ofLight = waves.slice(0, filters - ofColour.length).map((wave) => ({ weights: light, wave }));
  const out = new Float32Array(filters * 3 * patch * patch);
  for (const [filter, { weights, wave }] of [...ofLight, ...ofColour].entries()) {
    const values = weights.flatMap((weight) => plane(wave, patch).map((value) => value * weight));
    const isFlat = wave[0] + wave[1] === 0;
    const length = Math.hypot(...values) * (isFlat ? paper : 1);
    out.set(
      values.map((value) => value / length),
      filter * values.length,
    );
  }
  return out;
}

/** A wave over a patch, row by row. */
function plane([down, across]: readonly [number, number], patch: number): number[] {
  const wave = (frequency: number, at: number) => Math.cos((Math.PI * frequency * (at + 0.5)) / patch);
  return Array.from(
    { length: patch * patch },
    (_, pixel) => wave(down, Math.floor(pixel / patch)) * wave(across, pixel % patch),
  );
}
