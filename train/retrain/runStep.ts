import { UserError } from '../../configs/userError.js';
import type { CommandSignal } from '../../configs/cli/watchSignals.js';
import type { Commands, RunCommand } from '../processes/spawnCommand.js';

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
 * Wait for work in this process that can be left at any moment, such as a download.
 * @throws Interrupted as soon as a signal was asked to end it
 */
export async function orInterrupted<T>(signal: CommandSignal, work: Promise<T>): Promise<T> {
  let end = () => {};
  const asked = new Promise<never>((_, reject) => {
    if (signal.isAsked()) reject(new Interrupted());
    end = signal.onAsked(() => reject(new Interrupted()));
  });
  return Promise.race([work, asked]).finally(end);
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
