import { DataType, Field, List, Schema, Struct, Utf8 } from 'apache-arrow';

const text = (name: string) => new Field(name, new Utf8(), false);
const passages = (name: string) => new Field(name, new List(new Field('item', passageType, false)), false);

/** Type of one passage in our files. */
export const passageType = new Struct([text('id'), text('title'), text('text')]);

/**
 * Schema of a file of training examples: query_id, query, positives and negatives, the last two lists of {id, title, text}.
 * @param metadata  kept in the file, such as where the rows came from
 */
export function exampleSchema(metadata: Record<string, string> = {}): Schema {
  return new Schema(
    [text('query_id'), text('query'), passages('positives'), passages('negatives')],
    new Map(Object.entries(metadata)),
  );
}

/**
 * What a schema lacks to hold training examples. More is taken than we write: any kind of text column, plain or
 * dictionary-encoded, integer ids, any kind of list, no titles, further columns.
 * @returns one line, or null when the rows can be read
 */
export function explainSchema(schema: Schema): string | null {
  const missing = COLUMNS.filter((name) => !schema.fields.some((field) => field.name === name));
  const wrong =
    missing.length > 0
      ? [`${missing.join(', ')} missing`]
      : [
          ...checkField(schema.fields, 'query_id', '', isId),
          ...checkField(schema.fields, 'query', '', isText),
          ...checkPassages(schema.fields, 'positives'),
          ...checkPassages(schema.fields, 'negatives'),
        ];
  if (wrong.length === 0) return null;
  const found = schema.fields.slice(0, FIELDS_SHOWN).map(({ name, type }) => `${name} (${type})`);
  if (schema.fields.length > FIELDS_SHOWN) found.push(`${schema.fields.length - FIELDS_SHOWN} more`);
  return `${wrong.join(', ')}; found ${found.join(', ') || 'no columns'}`;
}

const COLUMNS = ['query_id', 'query', 'positives', 'negatives'];
const FIELDS_SHOWN = 8;

function checkPassages(fields: Field[], name: string): string[] {
  const type = fields.find((field) => field.name === name)!.type;
  const isList = DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type);
  const item = isList ? (type.children[0]?.type as DataType) : undefined;
  // A writer that only saw empty lists calls their items null.
  if (item !== undefined && DataType.isNull(item)) return [];
  if (item === undefined || !DataType.isStruct(item))
    return [`column ${name} not a list of passages {id, title, text}`];
  return [
    ...checkField(item.children, 'id', name, isId),
    ...checkField(item.children, 'text', name, isText),
    ...(item.children.some((field) => field.name === 'title')
      ? checkField(item.children, 'title', name, (type) => DataType.isNull(type) || isText(type))
      : []),
  ];
}

function checkField(fields: Field[], name: string, inside: string, isFit: (type: DataType) => boolean): string[] {
  const type = fields.find((field) => field.name === name)?.type as DataType | undefined;
  const place = inside ? `field ${name} of ${inside}` : `column ${name}`;
  if (type === undefined) return [`${place} missing`];
  return isFit(type) ? [] : [`${place} of unusable type ${type}`];
}

function isText(type: DataType): boolean {
  if (DataType.isDictionary(type)) return isText(type.dictionary as DataType);
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
}

const isId = (type: DataType): boolean => isText(type) || DataType.isInt(type);
