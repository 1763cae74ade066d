import { html, type Html } from './html.js';

/** With its sign, to four digits. */
export const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

export const probability = (p: number | null) => (p === null ? '–' : p < 0.00005 ? '< 0.0001' : p.toFixed(4));

export const short = (value: number) => String(Number(value.toPrecision(3)));

/** The patch of colour that a model has on the page. */
export const key = (place: number): Html =>
  html`<span class="key" style="background: var(--series-${place})" aria-hidden="true"></span>`;

/** A table that scrolls within itself where it is wider than the page, by keyboard too. */
export const scrolling = (labelledBy: string, table: Html): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${labelledBy}">${table}</div>`;

/** The p-value below which a difference counts as found. */
export const level = 0.05;
