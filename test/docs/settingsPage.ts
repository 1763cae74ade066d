import { z } from 'zod';
import { schema } from '../../configs/schema.js';

/** What JSON Schema says of a setting. */
interface Described {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  items?: Described;
  anyOf?: Described[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  properties?: Record<string, Described>;
}

/** Every setting of a run as a page in Markdown, from the schema alone. */
export function settingsPage(): string {
  const { properties } = z.toJSONSchema(schema, { io: 'input' }) as { properties: Record<string, Described> };
  const single = Object.entries(properties).filter(([, { properties }]) => !properties);
  const groups = Object.entries(properties).filter(([, { properties }]) => properties);
  return [
    '# Settings',
    '',
    'Every setting of a run, as a recipe in `configs/recipes/` or `--set path=value` states it. One that is not stated has its',
    'default; one that is unknown, or has no effect beside the others, is refused. Made from `configs/schema.ts`.',
    '',
    ...table(single, ''),
    ...groups.flatMap(([name, { properties }]) => [
      `## ${name}`,
      '',
      ...table(Object.entries(properties!), `${name}.`),
    ]),
  ].join('\n');
}

function table(settings: [string, Described][], path: string): string[] {
  const cells = settings.map(([name, setting]) => [
    `\`${path}${name}\``,
    kindOf(setting),
    defaultOf(setting),
    setting.description ?? '',
  ]);
  const rows = [['Setting', 'Kind', 'Default', 'What it does'], ...cells.map((row) => row.map(escaped))];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
  return [lines[0]!, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.slice(1), ''];
}

function defaultOf({ default: value }: Described): string {
  if (value === undefined) return 'not set';
  return value === '' ? 'empty' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

/** Whole numbers have bounds of their own kind, which say nothing. */
const isBound = (value: number | undefined): value is number =>
  value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;

function kindOf({ type, items, anyOf, ...setting }: Described): string {
  if (anyOf) return anyOf.map(kindOf).join(' or ');
  if (setting.const !== undefined) return `\`${JSON.stringify(setting.const).replaceAll('"', '')}\``;
  if (setting.enum) return setting.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (type === 'array') return `list of ${items?.enum ? kindOf(items) : 'texts'}`;
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'string') return 'text';
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = setting;
  const bounds = [
    ...(isBound(minimum) ? [`from ${minimum}`] : isBound(exclusiveMinimum) ? [`above ${exclusiveMinimum}`] : []),
    ...(isBound(maximum) ? [`to ${maximum}`] : isBound(exclusiveMaximum) ? [`below ${exclusiveMaximum}`] : []),
  ];
  return [type === 'integer' ? 'whole number' : 'number', ...bounds].join(' ');
}

const escaped = (text: string) => text.replaceAll('|', '\\|');
