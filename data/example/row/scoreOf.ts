/**
 * The score of a passage: whole numbers of integer columns count like others.
 * @returns undefined where there is none, null for what is no finite number
 */
export function scoreOf(value: unknown): number | undefined | null {
  if (value === undefined || value === null) return undefined;
  const score = typeof value === 'bigint' ? Number(value) : value;
  return typeof score === 'number' && Number.isFinite(score) ? score : null;
}
