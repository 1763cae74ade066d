/** Set in the environment of a command that was launched as one of several ranks of a run: its place among them, as JSON. */
export const rankPlaceVariable = 'TERCET_RANK_PLACE';

/** What a rank lets the command know that launched it. */
export type LauncherMessage = 'joined' | { failure: string };

/** Let the command that launched this one as a rank know something. @returns false where no command did */
export function tellLauncher(message: LauncherMessage): Promise<boolean> {
  if (process.env[rankPlaceVariable] === undefined || process.send === undefined) return Promise.resolve(false);
  return new Promise((resolve) => process.send!(message, () => resolve(true)));
}
