/** Pieces that tokenizers disagree on: blanks of all kinds, apostrophes, marks, emoji, scripts, code, broken pairs. */
const pieces = [
  ...[' ', '  ', '\t', '\n', '\r\n', '\u00a0', '\u2009', '\u3000', '\u2028', '\u200b', '\u0000', '\u001f', '\u007f'],
  ...[
    "'",
    "'s",
    "'S",
    "'Re",
    "'LL",
    "'d",
    '’s',
    '"',
    '`',
    '!',
    '?!',
    '...',
    ',',
    '-',
    '—',
    '_',
    '(',
    ')',
    '{}',
    '=>',
    '==',
    '//',
    '#',
  ],
  ...['a', 'the', 'The', ' and', 'getElementById', 'x_1', 'Straße', 'naïve', 'e\u0301', 'a\u030a\u0323', 'ﬁ', 'Å', 'ŀ'],
  ...['0', '7', '2024', '3.14', '½', '²', '٣', 'Ⅻ', '1e-9', '𝟙'],
  ...['日本', '語', '한국', '각', 'กำ', 'हिन्दी', 'שלום', 'مرحبا', 'Привет', 'Ωμέγα', '𝒜', '𠮷', 'ⴀ'],
  ...['👍', '👍🏽', '👨‍👩‍👧', '🇩🇪', '☃', '\ufe0f', '€', '°', '\ud800', '\udc00', '\ufffd'],
  ...['<|im_start|>', '<|im_end|>', '<|endoftext|>', '<|endof', '<tool_call>', '</think>', '<｜User｜>', '<'],
];

/** @param random  draws from [0, 1) @param most  pieces of the text */
export function oddText(random: () => number, most: number): string {
  const count = 1 + Math.floor(random() * most);
  return Array.from({ length: count }, () => pieces[Math.floor(random() * pieces.length)]).join('');
}
