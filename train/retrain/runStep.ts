import { UserError } from '../../configs/userError.js';
import type { Commands, CommandSignal, RunCommand } from '../processes/spawnCommand.js';

/** How the commands that a retraining is made of are run. */
export interface Steps {
  runCommand: RunCommand;
  signal: CommandSignal;
  say: (line: string) => void;
}

/** A command was interrupted: what it did is saved. */
export class Interrupted extends Error {}

/** A command of a retraining failed. `isMistake`: it blamed what it was told, so that trying again would not help. */
export class StepFailure extends UserError {
  constructor(
    message: string,
    readonly isMistake: boolean,
  ) {
    super(message);
  }
}

/**
 * Run one command to its end. @returns what it printed
 * @throws Interrupted when a signal was asked to end it, StepFailure when it failed
 */
export async function runStep({ runCommand, signal, say }: Steps, command: Commands, args: string[]): Promise<string> {
  if (signal.isAsked()) throw new Interrupted();
  const { code, reason, output } = await runCommand(command, args, (line) => say(`  ${line}`), signal);
  if (signal.isAsked() && code !== 0) throw new Interrupted();
  if (code === 0) return output;
  throw new StepFailure(`npm run ${command} failed: ${reason || `exit code ${code}`}`, code === 2);
}
