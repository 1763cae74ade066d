/**
 * Parse JSON as `JSON.parse` does, but whole numbers that a double cannot hold exactly become bigint: ids of 17 digits
 * and more keep every one of them.
 * @throws SyntaxError when it is not JSON
 */
export function parseJson(json: string): unknown {
  const value: unknown = JSON.parse(json);
  if (!LONG_NUMBER.test(json)) return value;
  const marked = json.replace(TOKEN, (token) => (isInexact(token) ? `"${MARK}${token}"` : token));
  return JSON.parse(marked, (_, found: unknown) =>
    typeof found === 'string' && found.startsWith(MARK_READ) ? BigInt(found.slice(MARK_READ.length)) : found,
  );
}

/** What no number without so many digits can need. Texts may hold it too, which costs time alone. */
const LONG_NUMBER = /\d{16}/;
/** A string or a number; what stands between them matters not. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Before a number that was put into quotes: no text begins with it that people write. */
const MARK = '\\u0000integer ';
const MARK_READ = '\0integer ';

const isInexact = (token: string) => /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));
