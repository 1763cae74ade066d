/** A text with case, punctuation and blanks levelled: texts equal after it count as the same. */
export function foldText(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{Sm}]+/gu, ' ')
    .trim();
}
