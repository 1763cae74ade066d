import { stopSignals } from '../stopSignals.js';

/** Set in the environment of a command whose standard input is held open by the process that waits for it. */
export const endsWithInput = 'TERCET_ENDS_WITH_INPUT';

/**
 * Let this process end, as a request by another process ends it, when the one that started it is gone: even a killed parent closes the pipe
 * that it holds. Nothing is done for commands that a person or a shell started.
 */
export function endWithInput(): void {
  if (process.env[endsWithInput] === undefined) return;
  delete process.env[endsWithInput]; // children of this one have parents of their own
  const { stdin } = process;
  const [, request] = stopSignals;
  for (const event of ['end', 'error']) stdin.once(event, () => process.kill(process.pid, request));
  stdin.resume();
  if ('unref' in stdin) (stdin as { unref(): void }).unref(); // it is no reason to go on
}
