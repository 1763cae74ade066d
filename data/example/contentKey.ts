import type { ExamplePassage } from './example.js';

/** Equal for passages that hold the same, images included: pages without a text differ by these alone. */
export const contentKey = ({ title, text, images = [] }: ExamplePassage): string =>
  JSON.stringify([title, text, ...images]);
