import { UserError } from '../../../configs/userError.js';
import type { CommandSignal } from '../../../configs/cli/watchSignals.js';
import { spawnCommand, type RunCommand } from '../../processes/spawnCommand.js';
import type { planJson } from '../planTable.js';

/** What the plan of a study says of a cell. */
export type CellPlan = ReturnType<typeof planJson>['cells'][number];

/**
 * The plan of a study, made by a process of its own: the engine that it asks would hold memory here, of the card too,
 * as long as the study goes on.
 * @param args  of the study
 * @throws UserError when no plan can be made
 */
export async function planInProcess(
  args: readonly string[],
  signal: CommandSignal,
  runCommand: RunCommand = spawnCommand,
): Promise<CellPlan[]> {
  const { code, reason, output } = await runCommand('study', [...args, '--dry-run', '--json'], () => {}, signal);
  if (code === 0) return (JSON.parse(output.trim().split('\n').at(-1)!) as { cells: CellPlan[] }).cells;
  if (signal.isAsked()) return [];
  throw new UserError(`the plan of the study, by which cells are worked on side by side, was not made: ${reason}`);
}

/** Seconds of all that a cell has left to do; undefined where they are not known. */
export const secondsOf = ({ trainingSeconds, scoringSeconds }: CellPlan): number | undefined =>
  trainingSeconds === null || scoringSeconds === null ? undefined : trainingSeconds + scoringSeconds;
