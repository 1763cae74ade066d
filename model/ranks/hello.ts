import { hostname } from 'node:os';
import { UserError } from '../../configs/userError.js';
import { describeEngine, type Engine } from '../engine/startEngine.js';
import type { Collective } from '../engine/ranks/collective.js';
import { version } from '../../configs/version.js';

/** What each rank says of itself before anything is shared. */
export interface Hello {
  version: string;
  engine: string;
  host: string;
  /** Words of the command, but for the number of ranks. */
  args: readonly string[];
}

/**
 * Require that all ranks are of one kind and were given one command.
 * @returns what each said, in the order of ranks
 * @throws UserError, on the rank that differs from rank 0, naming what does
 */
export function requireAlike(collective: Collective, engine: Engine, args: readonly string[]): Hello[] {
  const own: Hello = { version, engine: describeEngine(engine), host: hostname(), args };
  const hellos = collective.tell(JSON.stringify(own)).map((text) => JSON.parse(text) as Hello);
  const problem = differenceFrom(hellos[0]!, own);
  if (problem !== undefined) throw new UserError(problem);
  return hellos;
}

/** What keeps a rank from working with rank 0, in one line; undefined where nothing does. */
export function differenceFrom(first: Hello, own: Hello): string | undefined {
  if (own.version !== first.version)
    return `tercet is ${own.version} here and ${first.version} at rank 0 on ${first.host}; install one version everywhere`;
  if (own.engine !== first.engine)
    return `${own.engine} computes here and ${first.engine} at rank 0 on ${first.host}; all ranks must compute alike`;
  if (own.args.join('\n') === first.args.join('\n')) return undefined;
  const [here, there] = [own.args, first.args].map((args) => args.join(' '));
  return `the command here is "${here}" and that of rank 0 "${there}"; give all ranks one command`;
}
