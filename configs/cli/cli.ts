import { inspect } from 'node:util';
import yargs, { type Argv, type ArgumentsCamelCase } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { withoutCredentials } from '../withoutCredentials.js';
import { explainSystemFailure } from './explainSystemFailure.js';
import { PeerFailure, peerFailureCode } from '../peerFailure.js';
import { UserError } from '../userError.js';
import { holdConsole } from './holdConsole.js';
import { libraryNote } from './libraryOutput.js';
import { endWhenAsked } from './endWhenAsked.js';
import { endWithInput } from './endWithInput.js';
import { tellLauncher } from './launcher.js';
import { markText, unmarked } from './plainText.js';
import { goWhereUserStands } from './homePath.js';

/** One subcommand or, with the name `$0`, the whole command. */
export interface Command<T> {
  name: string;
  describe: string;
  options: (cli: Argv) => Argv<T>;
  examples?: [command: string, what: string][];
  /** Options that may stand without a value, which is then an empty text. */
  valueless?: readonly string[];
  /** @returns the exit code when it is not 0 */
  handler: (args: ArgumentsCamelCase<T>) => Promise<number | void>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- commands of all kinds of options, in one list
type AnyCommand = Command<any>;

/**
 * Read the command line, run the handler, end the process: 0 done, 1 our fault (with the stack) or output that could not
 * be written, 2 the user's mistake (one line on standard error), 75 another process of the same run has failed.
 * @param script  what the user typed before the arguments, such as `npm run train --`
 */
export async function runCommand(script: string, ...commands: AnyCommand[]): Promise<never> {
  // A reader that has gone, as in `| head`, ends nothing: what it would not read is dropped.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    console.error(`error: standard output cannot be written (${error.message}); let it go to another place`);
    process.exit(1);
  });
  process.stderr.on('error', () => {}); // nowhere is left to say so
  holdConsole();
  goWhereUserStands();
  const given = markText(hideBin(process.argv));
  let code: number | void = 0;
  endWhenAsked();
  endWithInput();
  let cli = yargs(given)
    .scriptName(script)
    .parserConfiguration({ 'camel-case-expansion': true })
    .strict()
    .version(false)
    .wrap(Math.min(110, process.stdout.columns ?? 110));
  let kinds: OptionKinds = { key: {}, array: [], boolean: [], number: [] };
  for (const command of commands) {
    cli = cli.command(
      command.name,
      command.describe,
      (inner) => {
        const described = command.options(inner);
        kinds = (described as unknown as { getOptions(): OptionKinds }).getOptions();
        return (command.examples ?? []).reduce((c, [line, what]) => c.example(line, what), described);
      },
      async (marked) => {
        const args = unmarked(marked as Record<string, unknown>);
        requireOneValueEach(args, optionsOf(command, kinds), given, command.valueless);
        code = await command.handler(args as never);
      },
    );
  }
  if (commands.some(({ name }) => !name.startsWith('$0')))
    cli = cli.demandCommand(1, 'name a command; --help lists them');
  try {
    await cli
      .fail((usage: string | null, error?: Error) => {
        throw error ?? new UserError(`${usage?.replace(/\s*\n\s*/g, ' ')}; --help shows what is accepted`);
      })
      .parseAsync();
  } catch (error) {
    const refused = explainSystemFailure(error);
    const ofPeer = error instanceof PeerFailure;
    const isExplained = error instanceof UserError || ofPeer || refused !== undefined;
    const words = isExplained ? `error: ${refused ?? (error as Error).message}` : inspect(error);
    const failure = withoutCredentials(
      [words, isExplained ? '' : libraryNote()].filter((text) => text !== '').join('\n'),
    );
    if (!(await tellLauncher({ failure }))) console.error(failure);
    code = ofPeer ? peerFailureCode : isExplained ? 2 : 1;
  }
  await outputTaken();
  process.exit(code ?? 0);
}

/** A pipe holds 64 KiB; what was printed beyond that waits in this process, and would end with it. */
function outputTaken(): Promise<void> {
  return new Promise((resolve) => process.stdout.write('', () => resolve()));
}

/** What yargs knows of the options of a command. */
interface OptionKinds {
  /** Names of all of them. */
  key: Record<string, unknown>;
  array: string[];
  boolean: string[];
  number: string[];
}

/** yargs counts positional arguments, such as `<files..>`, among the options. */
function optionsOf({ name }: AnyCommand, kinds: OptionKinds): OptionKinds {
  const positional = [...name.matchAll(/[<[]([\w-]+)/g)].map((match) => match[1]);
  return { ...kinds, key: Object.fromEntries(Object.entries(kinds.key).filter(([key]) => !positional.includes(key))) };
}

/** yargs makes a list of an option given twice, and takes one without a value, or with text for a number. */
function requireOneValueEach(
  args: Record<string, unknown>,
  kinds: OptionKinds,
  given: string[],
  valueless: readonly string[] = [],
): void {
  for (const name of Object.keys(kinds.key)) {
    const value = args[name];
    if (Array.isArray(value) && !kinds.array.includes(name))
      throw new UserError(`--${name} takes one value; got ${value.join(' and ')}; leave all but one out`);
    const isBare = given.some((word, index) => word === `--${name}` && (given[index + 1] ?? '--').startsWith('--'));
    if (((isBare && !kinds.boolean.includes(name)) || value === '') && !valueless.includes(name))
      throw new UserError(`--${name} needs a value; give one, or leave the option out`);
    if (kinds.number.includes(name) && Number.isNaN(value)) throw new UserError(`--${name} must be a number`);
  }
}
