import type { VisionConfig } from './visionConfig.js';

/** Windows of one size that lie one behind the other among the tokens in window order. */
interface WindowClass {
  /** Place of the first token. */
  start: number;
  windows: number;
  /** Tokens of each. */
  tokens: number;
}

export interface WindowOrder {
  /** Of each token in window order its place row by row. */
  order: Int32Array;
  classes: WindowClass[];
}

/**
 * Deal an image's tokens out to attention windows. Windows at the right and bottom edge are smaller, so there are at most
 * four sizes; those of one size lie together, and their attention is one batched product without a mask.
 * @param rows  tokens down; `columns` across
 */
export function windowOrder(rows: number, columns: number, { window }: Pick<VisionConfig, 'window'>): WindowOrder {
  const order = new Int32Array(rows * columns);
  const classes: WindowClass[] = [];
  let place = 0;
  for (const down of spans(rows, window))
    for (const across of spans(columns, window)) {
      const first = place;
      for (const top of down.starts)
        for (const left of across.starts)
          for (let row = top; row < top + down.length; row++)
            for (let column = left; column < left + across.length; column++) order[place++] = row * columns + column;
      const windows = down.starts.length * across.starts.length;
      classes.push({ start: first, windows, tokens: down.length * across.length });
    }
  return { order, classes };
}

/** A side cut into windows: whole ones, then what is left. */
function spans(length: number, window: number): { starts: number[]; length: number }[] {
  const whole = Math.floor(length / window);
  const rest = length - whole * window;
  return [
    ...(whole > 0 ? [{ starts: Array.from({ length: whole }, (_, index) => index * window), length: window }] : []),
    ...(rest > 0 ? [{ starts: [whole * window], length: rest }] : []),
  ];
}
