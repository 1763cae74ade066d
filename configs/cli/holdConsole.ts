import { formatWithOptions } from 'node:util';
import { keepLibraryOutput, keptOutput } from './libraryOutput.js';

const methods = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

/** The name of a warning (`process.emitWarning`) that is ours, in words for the user. */
export const ownWarning = 'TercetWarning';

/**
 * Keep what libraries say through the console, and what Node.js warns of on their account, from the screen from now on; what
 * our own code and the reader of the command line say still arrives. It is shown when an error is caught by nobody, with a
 * fault of ours, and to who asks. To be called once a process.
 */
export function holdConsole(): void {
  for (const method of methods) {
    const original = console[method].bind(console);
    console[method] = (...said: unknown[]) => {
      if (isOfLibrary(callingFile())) keepLibraryOutput(formatWithOptions({}, ...said));
      else original(...said);
    };
  }
  process.removeAllListeners('warning'); // that of Node.js itself, which prints
  process.on('warning', (warning) => {
    if (warning.name === ownWarning) console.error(`warning: ${warning.message}`);
    else keepLibraryOutput(warning.stack ?? String(warning));
  });
  process.on('uncaughtExceptionMonitor', () => process.stderr.write(keptOutput()));
}

/** yargs prints the help of our commands. */
const isOfLibrary = (file: string): boolean => /[\\/]node_modules[\\/](?!yargs[\\/])/.test(file);

/** The file of the code that called the console. */
function callingFile(): string {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 3; // this function, the one in the console's place, its caller
  Error.prepareStackTrace = (_, sites) => sites;
  const sites = new Error().stack as unknown as NodeJS.CallSite[];
  Error.stackTraceLimit = limit;
  if (before) Object.defineProperty(Error, 'prepareStackTrace', before);
  else delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
  return sites.at(-1)?.getFileName() ?? '';
}
