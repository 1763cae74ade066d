import type { Example, Passage } from '../../example/example.js';
import { scoreOf } from '../../example/row/scoreOf.js';
import { isBlank, textOf, whyNoText } from '../../example/row/textOf.js';
import { textId } from '../../example/textId.js';
import { unusable, type GivenImage } from './givenImages.js';

/** A passage as a row gives it. */
export interface GivenPassage extends Omit<Passage, 'images'> {
  images?: GivenImage[];
}

/** A row of training data as a file gives it. Without an id where that is to be made of its query and its images. */
export interface GivenExample extends Pick<Example, 'id' | 'query'> {
  queryImages?: GivenImage[];
  positives: GivenPassage[];
  negatives: GivenPassage[];
}

/** Reads one passage of a list, or says why it cannot. @param name  of the list */
export type ItemReader = (item: unknown, name: string) => GivenPassage | string;

/**
 * Put a row together.
 * @param id         null where the row has none: it is then made of what is asked
 * @param asked      the query, a text
 * @param positives  the row, and the field that lists them
 */
export function assemble(
  id: string | null,
  { text: asked, images: shown = [] }: { text: unknown; images?: GivenImage[] | string },
  positives: [row: Record<string, unknown>, name: string],
  negatives: [row: Record<string, unknown>, name: string],
  read: ItemReader,
): GivenExample | string {
  const images = typeof shown === 'string' ? [unusable(`query ${shown}`)] : shown;
  const query = textOf(images.length > 0 ? (asked ?? '') : asked);
  if (query === null) return whyNoText('query', asked);
  if (isBlank(query) && images.length === 0) return 'query empty';
  const found = readList(...positives, read);
  if (typeof found === 'string') return found;
  if (found.length === 0) return `${positives[1]} empty`;
  const others = readList(...negatives, read);
  if (typeof others === 'string') return others;
  const made = images.length > 0 ? '' : textId(Buffer.from(query));
  return {
    id: id ?? made,
    query,
    ...(images.length > 0 && { queryImages: images }),
    positives: found,
    negatives: others,
  };
}

function readList(row: Record<string, unknown>, name: string, read: ItemReader): GivenPassage[] | string {
  const list = row[name];
  if (!Array.isArray(list)) return `${name} missing`;
  const passages: GivenPassage[] = [];
  for (const item of list as unknown[]) {
    const passage = read(item, name);
    if (typeof passage === 'string') return passage;
    if (isBlank(passage.title) && isBlank(passage.text) && !passage.images) return `${name} with an empty passage`;
    passages.push(passage);
  }
  return passages;
}

/** A passage with the images of a row's field. @param images  or why they cannot be used */
export function withImages(
  passage: GivenPassage,
  images: GivenImage[] | string | undefined,
  name: string,
): GivenPassage {
  if (typeof images === 'string') return { ...passage, images: [unusable(`${name} ${images}`)] };
  return images === undefined || images.length === 0 ? passage : { ...passage, images };
}

/** A passage with its score, where it has one. */
export function scored(passage: GivenPassage, given: unknown, name: string): GivenPassage | string {
  const score = scoreOf(given);
  if (score === null) return `${name} with a score that is no finite number`;
  return score === undefined ? passage : { ...passage, score };
}

/** Why an item of a list is no text. */
export function noText(name: string, value: unknown): string {
  const isText = typeof value === 'string' || value instanceof Uint8Array;
  return isText ? whyNoText(`${name} with a text`, value) : `${name} with something else than a text`;
}
