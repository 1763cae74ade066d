/** What one measurement found: a table, perhaps with a curve, and the numbers behind it for other programs. */
export interface Result {
  name: string;
  title: string;
  /** What was measured, and how, in a sentence or two. */
  about: string;
  header: string[];
  rows: string[][];
  curve?: { x: string; y: string; lines: { name: string; points: [number, number][] }[] };
  values: unknown;
  /** What of it is a ratio within this run, by what it says; kept in a history. */
  ratios?: Record<string, number>;
}

export const seconds = (value: number) => `${value.toPrecision(3)} s`;
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
export const megabytes = (bytes: number) => `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
export const gigaflops = (flops: number) => `${(flops / 1e9).toFixed(flops < 1e10 ? 1 : 0)}`;
export const whole = (value: number) => Math.round(value).toLocaleString('en-US');
/** In as many digits as tell two sides apart. */
export const rate = (value: number) => (value < 100 ? value.toPrecision(3) : whole(value));
