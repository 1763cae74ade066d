import { DataType, type Field, type Schema } from 'apache-arrow';
import { unreadType } from './message/unreadFields.js';

/** Where the parts of an example are in a schema. */
export interface ColumnMatch {
  /** Null where rows have no id of their own. */
  id: string | null;
  query: string;
  /** Where queries, or passages within theirs, name images by SHA-256, as our own files do. */
  queryImages: string | null;
  hasImages: boolean;
  positives: string[];
  /** Several where each negative has a column of its own: negative_1, negative_2, ... */
  negatives: string[];
}

/** Names of the parts of a passage that others use, ours first. */
export const passageNames = {
  id: ['id', 'docid', 'doc_id', '_id', 'pid'],
  title: ['title'],
  text: ['text', 'passage', 'contents', 'content'],
  score: ['score'],
  images: ['images'],
};

/**
 * Find the columns of training examples in a schema. More is taken than we write: the names of Tevatron,
 * sentence-transformers and FlagEmbedding, any kind of text column, passages as texts, lists of texts or lists of
 * {id, title, text, score}, further columns.
 * @returns the columns, or in one line which one is missing or of an unusable type
 */
export function matchColumns({ fields }: Schema): ColumnMatch | string {
  const named = (names: string[]) => names.find((name) => fields.some((field) => field.name === name));
  const id = named(NAMES.id) ?? null;
  const query = named(NAMES.query);
  const positives = named(NAMES.positives);
  const negatives = named(NAMES.negatives);
  const numbered = fields.map(({ name }) => name).filter((name) => /^neg(ative)?_\d+$/.test(name));
  const missing = [
    ...(query === undefined ? [`query (or ${others('query')})`] : []),
    ...(positives === undefined ? [`positives (or ${others('positives')})`] : []),
    ...(negatives === undefined && numbered.length === 0
      ? [`negatives (or ${others('negatives')}, negative_1, negative_2, ...; lists may be empty)`]
      : []),
  ];
  if (missing.length > 0) return `${missing.join(' and ')} missing; ${describe(fields)}`;
  const queryImages = fields.some(({ name }) => name === QUERY_IMAGES) ? QUERY_IMAGES : null;
  const match = {
    id,
    queryImages,
    hasImages: queryImages !== null,
    query: query!,
    positives: [positives!],
    negatives: negatives === undefined ? numbered : [negatives],
  };
  const field = (name: string) => fields.find((one) => one.name === name)!;
  const unusable = (name: string, isFit: (type: DataType) => boolean) =>
    isFit(field(name).type as DataType) ? [] : [`column ${name} of unusable type ${typeName(field(name))}`];
  const wrong = [
    ...(id === null ? [] : unusable(id, isId)),
    ...unusable(match.query, isText),
    ...(queryImages !== null && !isHashes(field(queryImages).type as DataType) ? [noHashes(queryImages)] : []),
    ...[...match.positives, ...match.negatives].flatMap((name) => passagesProblem(field(name))),
  ];
  match.hasImages ||= [...match.positives, ...match.negatives].some((name) => imagesOf(field(name)) !== undefined);
  return wrong.length > 0 ? `${wrong.join(', ')}; ${describe(fields)}` : match;
}

/** Names that columns go by, ours first. */
const NAMES = {
  id: ['query_id', 'qid', '_id', 'id'],
  query: ['query', 'query_text', 'question', 'anchor', 'text'],
  positives: ['positives', 'positive_passages', 'positive', 'pos', 'answer'],
  negatives: ['negatives', 'negative_passages', 'negative', 'neg'],
};
const QUERY_IMAGES = 'query_images';
const FIELDS_SHOWN = 8;

const others = (part: keyof typeof NAMES) => NAMES[part].slice(1).join(', ');

function describe(fields: Field[]): string {
  const found = fields.slice(0, FIELDS_SHOWN).map((field) => `${field.name} (${typeName(field)})`);
  if (fields.length > FIELDS_SHOWN) found.push(`${fields.length - FIELDS_SHOWN} more`);
  return `found ${found.join(', ') || 'no columns'}`;
}

const typeName = (field: Field) => unreadType(field) ?? String(field.type);

function passagesProblem(column: Field): string[] {
  const { name } = column;
  const type = column.type as DataType;
  if (unreadType(column)) return [`column ${name} of unusable type ${typeName(column)}`];
  if (isText(type)) return [];
  const isList = DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type);
  const items = isList ? type.children[0] : undefined;
  if (items && unreadType(items)) return [`the items of column ${name} of unusable type ${typeName(items)}`];
  const item = items?.type as DataType | undefined;
  // A writer that only saw empty lists calls their items null.
  if (item !== undefined && (DataType.isNull(item) || isText(item))) return [];
  if (item === undefined || !DataType.isStruct(item))
    return [`column ${name} not a text, a list of texts or a list of passages {id, title, text}`];
  const field = (names: string[]) => item.children.find((child: Field) => names.includes(child.name));
  const text = field(passageNames.text);
  if (text === undefined) return [`field text of ${name} missing`];
  const images = item.children.find((child: Field) => /^images?$/.test(child.name));
  if (images !== undefined && !(images.name === 'images' && isHashes(images.type as DataType)))
    return [noHashes(`field ${images.name} of ${name}`)];
  return [
    ...(isText(text.type as DataType) ? [] : [`field ${text.name} of ${name} of unusable type ${typeName(text)}`]),
    ...fieldProblem(name, field(passageNames.id), isId),
    ...fieldProblem(name, field(passageNames.title), isText),
    ...fieldProblem(name, field(passageNames.score), (found) => DataType.isFloat(found) || DataType.isInt(found)),
  ];
}

/** Lists of the SHA-256 of images, which lie in a file of images. */
const isHashes = (type: DataType): boolean => DataType.isList(type) && isText(type.children[0]!.type as DataType);

const noHashes = (what: string) =>
  `${what} holding images as others keep them, which \`npm run data -- import\` reads from Parquet and JSONL`;

function imagesOf({ type }: Field): Field | undefined {
  const [items] = (type as DataType).children ?? [];
  const children = (items?.type as DataType | undefined)?.children ?? [];
  return children.find(({ name }) => passageNames.images.includes(name));
}

/** Of a field that may be missing, and may be null where a writer saw nothing else. */
function fieldProblem(column: string, field: Field | undefined, isFit: (type: DataType) => boolean): string[] {
  if (field === undefined || isFit(field.type as DataType) || (DataType.isNull(field.type) && !unreadType(field)))
    return [];
  return [`field ${field.name} of ${column} of unusable type ${typeName(field)}`];
}

function isText(type: DataType): boolean {
  if (DataType.isDictionary(type)) return isText(type.dictionary as DataType);
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
}

const isId = (type: DataType): boolean => isText(type) || DataType.isInt(type);
