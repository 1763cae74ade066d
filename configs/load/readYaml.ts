import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import YAML from 'yaml';
import { UserError } from '../userError.js';

/** What a YAML file holds. @throws UserError in one line when it is missing, no file, or broken */
export const readYaml = (file: string): unknown => openYaml(file).value;

/** A YAML file that was read. */
export interface YamlFile {
  value: unknown;
  /** `FILE:LINE` of what stands under these names, or of the innermost group of them that is there, or the file alone. */
  placeOf(path: readonly PropertyKey[]): string;
}

/** What a YAML file holds, and where. @throws UserError in one line when it is missing, no file, or broken */
export function openYaml(file: string): YamlFile {
  const bytes = bytesOf(file);
  if (!isUtf8(bytes)) throw new UserError(`${file} is not YAML: its text is not UTF-8`);
  const text = bytes.toString('utf8');
  return {
    value: parseYaml(text, `${file} is not YAML`),
    placeOf(path) {
      const line = lineOf(text, path.map(String));
      return line === undefined ? file : `${file}:${line}`;
    },
  };
}

function lineOf(text: string, path: readonly string[]): number | undefined {
  const lines = new YAML.LineCounter();
  const document = YAML.parseDocument(text, { lineCounter: lines });
  let [group, line]: [unknown, number | undefined] = [document.contents, undefined];
  for (const name of path) {
    if (YAML.isAlias(group)) group = group.resolve(document);
    let found: unknown; // the name of a setting, or an item of a list
    if (YAML.isMap(group)) {
      const pair = group.items.find(({ key }) => String(YAML.isScalar(key) ? key.value : key) === name);
      [found, group] = [pair?.key, pair?.value];
    } else if (YAML.isSeq(group)) found = group = group.items[Number(name)];
    if (!YAML.isNode(found) || !found.range) break;
    line = lines.linePos(found.range[0]).line;
  }
  return line;
}

/**
 * What YAML text stands for.
 * @param complaint  how the message begins where it is broken
 * @throws UserError, also where an alias names nothing, of which the parser speaks only when values are made, or names
 *   what it stands in
 */
export function parseYaml(text: string, complaint: string): unknown {
  try {
    const document = YAML.parseDocument(text);
    if (document.errors[0]) throw document.errors[0];
    const value: unknown = document.toJS();
    requireEnd(value);
    return value;
  } catch (error) {
    throw new UserError(`${complaint}: ${firstLine(error as Error).replace(/:$/, '')}`);
  }
}

/** Checks, hashes and copies would follow a value that holds itself for ever. */
function requireEnd(value: unknown, within: readonly unknown[] = []): void {
  if (typeof value !== 'object' || value === null) return;
  if (within.includes(value)) throw new Error('an alias names what it stands in');
  for (const inner of Object.values(value)) requireEnd(inner, [...within, value]);
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`${file} does not exist`);
    if (code === 'EISDIR') throw new UserError(`cannot read ${file}: it is a folder; name a YAML file`);
    throw new UserError(`cannot read ${file}: ${firstLine(error as Error)}`);
  }
}

const firstLine = ({ message }: Error) => message.split('\n')[0]!.trim();
