import { Field, Float32, List, Schema, Struct, Utf8 } from 'apache-arrow';

const text = (name: string) => new Field(name, new Utf8(), false);
const hashes = (name: string) => new Field(name, new List(text('item')), false);
const passages = (name: string, withImages: boolean) =>
  new Field(name, new List(new Field('item', passageType(withImages), false)), false);

/**
 * Type of one passage in our files. The score is that of the teacher or retriever which judged it, where one did. Images
 * are named by the SHA-256 of their files, which lie in the file of images beside it.
 */
export const passageType = (withImages: boolean) =>
  new Struct([
    text('id'),
    text('title'),
    text('text'),
    ...(withImages ? [hashes('images')] : []),
    new Field('score', new Float32(), true),
  ]);

/**
 * Schema of a file of training examples: query_id, query, positives and negatives, the last two lists of
 * {id, title, text, score}. A passage of unknown id has an empty one. With images, passages have a list `images`, and
 * rows a list `query_images`.
 * @param metadata  kept in the file, such as where the rows came from
 */
export function exampleSchema(metadata: Record<string, string> = {}, withImages = false): Schema {
  return new Schema(
    [
      text('query_id'),
      text('query'),
      ...(withImages ? [hashes('query_images')] : []),
      passages('positives', withImages),
      passages('negatives', withImages),
    ],
    new Map(Object.entries(metadata)),
  );
}
