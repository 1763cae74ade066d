/** Stands before an argument that would be taken for an option; of Unicode's private use, so nobody means it. */
const mark = '\uE000';

/** Mark arguments that are text though they begin with a dash: those that hold a blank and name no option. */
export const markText = (given: readonly string[]): string[] =>
  given.map((word) => (/^-.*\s/s.test(word) && !/^--?[A-Za-z][\w-]*=/.test(word) ? mark + word : word));

/** The arguments as they were given. */
export function unmarked<T extends Record<string, unknown>>(args: T): T {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    return typeof value === 'string' && value.startsWith(mark) ? value.slice(mark.length) : value;
  };
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, plain(value)])) as T;
}
