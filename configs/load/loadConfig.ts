import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { namesIn } from './names.js';
import { openYaml, parseYaml } from './readYaml.js';
import { schema, type RunConfig } from '../schema.js';
import { pathOf } from './pathOf.js';
import { suggest } from './suggest.js';
import { UserError } from '../userError.js';

export interface LoadedConfig {
  config: RunConfig;
  /** Dotted paths of the settings that --set states. */
  overridden: string[];
}

/**
 * Read a recipe, apply `path=value` overrides in order, fill defaults and check every value.
 * @param recipe     a name in configs/recipes/ or the path of a YAML file
 * @param overrides  such as `lora.rank=8`; a text is taken as it is, any other value is YAML
 * @throws UserError naming the first setting that cannot be used
 */
export function loadConfig(recipe: string, overrides: readonly string[] = []): LoadedConfig {
  const file = recipeFile(recipe);
  const { value, placeOf } = openYaml(file);
  const raw = value ?? {};
  if (typeof raw !== 'object' || Array.isArray(raw)) throw new UserError(`${file} must hold settings as name: value`);
  const overridden = overrides.map((override) => setPath(raw as Record<string, unknown>, override));
  const training = (raw as { training?: Record<string, unknown> }).training;
  // Steps on the command line replace the epochs of the recipe, and the other way round.
  if (overridden.includes('training.steps') && !overridden.includes('training.epochs')) delete training?.['epochs'];
  if (overridden.includes('training.epochs') && !overridden.includes('training.steps')) delete training?.['steps'];
  const told = (path: string) => overridden.some((other) => `${path}.`.startsWith(`${other}.`));
  return { config: parseConfig(raw, (path) => (told(path.join('.')) ? '' : `${placeOf(path)}: `)), overridden };
}

/** Settings that are resolved already, with `path=value` overrides. @throws UserError naming the setting that cannot be used */
export function overrideConfig(settings: RunConfig, overrides: readonly string[]): LoadedConfig {
  const raw = structuredClone(settings) as unknown as Record<string, unknown>;
  const overridden = overrides.map((override) => setPath(raw, override));
  const result = schema.safeParse(raw);
  if (!result.success) throw new UserError(explain(result.error.issues[0]!, raw));
  return { config: result.data, overridden };
}

/**
 * Check a plain object against the schema and fill its defaults.
 * @param placeOf  what stands before a message about a setting: where it was read
 * @throws UserError naming the setting
 */
export function parseConfig(raw: unknown, placeOf: (path: readonly string[]) => string = () => ''): RunConfig {
  const result = schema.safeParse(raw);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UserError(placeOf(pathOf(issue!)) + explain(issue!, raw));
  }
  const { steps } = result.data.training;
  if (steps !== undefined && leafPaths(raw).includes('training.epochs'))
    throw new UserError(
      `${placeOf(['training', 'epochs'])}training.epochs has no effect when training.steps is set; state one of the two`,
    );
  return result.data;
}

function recipeFile(recipe: string): string {
  if (/\.ya?ml$/.test(recipe)) {
    if (!existsSync(recipe)) throw new UserError(`recipe file ${recipe} does not exist`);
    if (statSync(recipe).isDirectory()) throw new UserError(`recipe ${recipe} is a folder; name a YAML file`);
    return recipe;
  }
  const known = namesIn('recipes');
  if (!known.includes(recipe)) throw new UserError(`unknown recipe ${recipe}; ${suggest(recipe, known)}`);
  return fileURLToPath(new URL(`../recipes/${recipe}.yaml`, import.meta.url));
}

/** @returns the dotted path that was set */
function setPath(raw: Record<string, unknown>, override: string): string {
  const parts = /^([a-z]\w*(?:\.[a-z]\w*)*)=(.*)$/is.exec(override);
  if (!parts) throw new UserError(`--set takes path=value, such as lora.rank=8; got ${JSON.stringify(override)}`);
  const path = parts[1]!.split('.');
  let place = raw;
  for (const name of path.slice(0, -1)) {
    const next = (place[name] ??= {});
    if (typeof next !== 'object' || next === null || Array.isArray(next))
      throw new UserError(`--set ${override}: ${name} is a setting, not a group of settings`);
    place = next as Record<string, unknown>;
  }
  place[path.at(-1)!] = parseValue(path, parts[2]!, override);
  return parts[1]!;
}

/** Of a text, its bytes; of anything else, YAML. */
function parseValue(path: readonly string[], text: string, override: string): unknown {
  if (isText(path)) return unquote(text, override);
  return parseYaml(text, `--set ${override}`);
}

/** Text in quotes of its own, which shells make hard to leave out, is what lies between them. */
function unquote(text: string, override: string): unknown {
  if (/^'(?:[^']|'')*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(text)) return text;
  // YAML would make blanks of line breaks, and cut blanks before them.
  return parseYaml(text.replaceAll('\n', '\\n').replaceAll('\r', '\\r'), `--set ${override}`);
}

function isText(path: readonly string[]): boolean {
  const kind = path.reduce<Definition | undefined>(
    (group, name) => unwrap(group?.shape?.[name]?.def),
    schema.def,
  )?.type;
  return kind === 'string' || kind === 'enum';
}

interface Definition {
  type: string;
  shape?: Record<string, { def: Definition }>;
  innerType?: { def: Definition };
}

/** Without default and optionality. */
function unwrap(definition: Definition | undefined): Definition | undefined {
  return definition?.innerType ? unwrap(definition.innerType.def) : definition;
}

function explain(issue: z.core.$ZodIssue, raw: unknown): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const name = [...path, issue.keys[0]!].join('.');
    return `unknown setting ${name}; ${suggest(issue.keys[0]!, knownAt(path))}`;
  }
  const got = path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], raw);
  return `${path.join('.')}: ${oneLine(issue.message)}; got ${JSON.stringify(got)}`;
}

function knownAt(path: string[]): string[] {
  const group = path.length === 0 ? schema : schema.shape[path[0] as keyof typeof schema.shape];
  const inner = 'shape' in group ? group : (group.def as unknown as { innerType: { shape: object } }).innerType;
  return Object.keys(inner.shape);
}

function leafPaths(raw: unknown, path = ''): string[] {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return [path];
  return Object.entries(raw).flatMap(([name, value]) => leafPaths(value, path ? `${path}.${name}` : name));
}

const oneLine = (text: string) => text.split('\n')[0]!.trim();
