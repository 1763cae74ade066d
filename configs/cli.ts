import yargs, { type Argv, type ArgumentsCamelCase } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { UserError } from './userError.js';

/** One subcommand or, with the name `$0`, the whole command. */
export interface Command<T> {
  name: string;
  describe: string;
  options: (cli: Argv) => Argv<T>;
  examples?: [command: string, what: string][];
  /** @returns the exit code when it is not 0 */
  handler: (args: ArgumentsCamelCase<T>) => Promise<number | void>;
}

/**
 * Read the command line, run the handler, end the process: 0 done, 1 our fault (with the stack), 2 the user's
 * mistake (one line on standard error).
 * @param script  what the user typed before the arguments, such as `npm run train --`
 */
export async function runCommand(script: string, ...commands: Command<any>[]): Promise<never> {
  let code: number | void = 0;
  let cli = yargs(hideBin(process.argv))
    .scriptName(script)
    .parserConfiguration({ 'camel-case-expansion': true })
    .strict()
    .version(false)
    .wrap(Math.min(110, process.stdout.columns ?? 110));
  for (const command of commands) {
    cli = cli.command(
      command.name,
      command.describe,
      (inner) => (command.examples ?? []).reduce((c, [line, what]) => c.example(line, what), command.options(inner)),
      async (args) => {
        code = await command.handler(args as never);
      },
    ) as Argv;
  }
  if (commands.some(({ name }) => !name.startsWith('$0')))
    cli = cli.demandCommand(1, 'name a command; --help lists them');
  try {
    await cli
      .fail((usage: string | null, error?: Error) => {
        throw error ?? new UserError(`${usage}; --help shows what is accepted`);
      })
      .parseAsync();
  } catch (error) {
    if (error instanceof UserError) {
      console.error(`error: ${error.message}`);
      process.exit(2);
    }
    console.error(error);
    process.exit(1);
  }
  process.exit(code ?? 0);
}
