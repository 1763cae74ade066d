import { html, type Html } from './html.js';

/** With its sign, to four digits. */
export const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

/** To four digits; where they would all be 0, its power of ten. */
export function probability(p: number | null): string {
  if (p === null) return '–';
  if (p >= 0.00005) return p.toFixed(4);
  return p < 1e-300 ? '< 1e−300' : p.toExponential(0).replace('-', '−');
}

export const short = (value: number) => String(Number(value.toPrecision(3)));

/** The patch of colour that a model has on the page. */
export const key = (place: number): Html =>
  html`<span class="key" style="background: var(--series-${place})" aria-hidden="true"></span>`;

/** A table that scrolls within itself where it is wider than the page, by keyboard too. */
export const scrolling = (labelledBy: string, table: Html): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${labelledBy}">${table}</div>`;
