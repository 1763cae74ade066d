import { Field, Float32, List, Schema, Struct, Utf8 } from 'apache-arrow';

const text = (name: string) => new Field(name, new Utf8(), false);
const passages = (name: string) => new Field(name, new List(new Field('item', passageType, false)), false);

/** Type of one passage in our files. The score is that of the teacher or retriever which judged it, where one did. */
export const passageType = new Struct([
  text('id'),
  text('title'),
  text('text'),
  new Field('score', new Float32(), true),
]);

/**
 * Schema of a file of training examples: query_id, query, positives and negatives, the last two lists of
 * {id, title, text, score}. A passage of unknown id has an empty one.
 * @param metadata  kept in the file, such as where the rows came from
 */
export function exampleSchema(metadata: Record<string, string> = {}): Schema {
  return new Schema(
    [text('query_id'), text('query'), passages('positives'), passages('negatives')],
    new Map(Object.entries(metadata)),
  );
}
