/** What one check found. */
export interface Finding {
  check: string;
  /** `differs` fails the whole; a check is skipped where the machine has not what it is about. */
  outcome: 'ok' | 'differs' | 'skipped';
  /** For people: figures, or why it was skipped. */
  figures: string;
  values: Record<string, unknown>;
}

/** A finding that is right or wrong. */
export const judge = (check: string, isRight: boolean, figures: string, values: Finding['values'] = {}): Finding => ({
  check,
  outcome: isRight ? 'ok' : 'differs',
  figures,
  values,
});

export const skip = (check: string, why: string): Finding => ({ check, outcome: 'skipped', figures: why, values: {} });

/** A line a finding, in columns. @param all  names of the checks, whose columns then line up while they are found */
export function findingLine({ check, outcome, figures }: Finding, all: readonly string[]): string {
  const width = Math.max(...all.map((name) => name.length));
  return `${check.padEnd(width)}  ${outcome.padEnd('differs'.length)}  ${figures}`;
}
