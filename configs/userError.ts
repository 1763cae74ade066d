/**
 * A mistake of the user's, not ours. The message is one line: the thing, the rule, the value, the remedy.
 * Commands print it without a stack and exit with 2.
 */
export class UserError extends Error {
  override name = 'UserError';
}
