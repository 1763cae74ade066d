import { textOf } from '../../example/row/textOf.js';
import { assemble, noText, withImages, type GivenExample, type GivenPassage, type ItemReader } from './assemble.js';
import { givenImages, type GivenImage } from './givenImages.js';
import { isRecord } from './isRecord.js';

type ImageParser = (row: Record<string, unknown>, lookups: unknown, folder: string) => GivenExample | string;

/**
 * How the rows of formats are read that exist for their images.
 * Source: the data set cards of vidore/colpali_train_set and of sentence-transformers' document retrieval sets; ms-swift
 * docs, "Custom dataset", embedding; TIGER-Lab/MMEB-train, and VLM2Vec-V2's dicts of bytes, paths and resolutions.
 */
export const imageRecordParsers = {
  'image-triplets'(row, _, folder) {
    const asked = { text: row['anchor'] ?? row['query'], images: givenImages(row['query_image'], folder) };
    const positive = listOf(row['positive'] ?? row['image'] ?? row['images']);
    const numbered = Object.keys(row).filter((name) => /^neg(ative)?_\d+$/.test(name));
    const negative = ('negative' in row ? ['negative'] : numbered).flatMap((name) => listOf(row[name]));
    return assemble(null, asked, [{ positive }, 'positive'], [{ negative }, 'negative'], imagePassage(folder));
  },
  'ms-swift'(row, _, folder) {
    const query = turns(row['messages'], 'messages');
    if (typeof query === 'string') return query;
    const asked = { text: query.text, images: givenImages(row['images'], folder) };
    const [positives, negatives] = ['positive', 'negative'].map((kind) =>
      documents(row[`${kind}_messages`], row[`${kind}_images`]),
    );
    const lists = { positive_messages: positives, negative_messages: negatives };
    return assemble(null, asked, [lists, 'positive_messages'], [lists, 'negative_messages'], conversation(folder));
  },
  mmeb(row, _, folder) {
    const asked = documentOf(row, ['qry', 'query_text', 'query'], ['qry_image', 'query_image', 'qry_image_path']);
    const images = givenImages(asked.images, folder);
    const sides = Object.fromEntries(['pos', 'neg'].map((side) => [side, sideOf(row, side)]));
    return assemble(null, { text: plain(asked.text), images }, [sides, 'pos'], [sides, 'neg'], sidePassage(folder));
  },
} satisfies Record<string, ImageParser>;

/** Fields that these look at. */
export const imageFields: ReadonlySet<string> = new Set([
  ...['query_image', 'query_images', 'image', 'images'],
  ...['messages', 'positive_messages', 'positive_images', 'negative_messages', 'negative_images'],
  ...['qry', 'query_text', 'qry_image', 'qry_image_path'],
  ...['pos_text', 'pos_image', 'pos_image_path', 'neg_text', 'neg_image', 'neg_image_path'],
]);

const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : value === null || value === undefined || value === '' ? [] : [value];

const passage = (text: string): GivenPassage => ({ id: '', title: '', text });

/** An image, or an object of image and text; a string is a path. */
const imagePassage =
  (folder: string): ItemReader =>
  (item, name) => {
    const isDocument = isRecord(item) && ('text' in item || 'image' in item || 'images' in item);
    const text = isDocument ? textOf(item['text'] ?? '') : '';
    if (text === null) return noText(name, (item as Record<string, unknown>)['text']);
    const images = givenImages(isDocument ? (item['image'] ?? item['images']) : item, folder);
    return withImages(passage(text), images, name);
  };

/** The conversations of a list with the images of each. */
function documents(conversations: unknown, images: unknown): unknown[] {
  const shown = listOf(images);
  return listOf(conversations).map((messages, index) => ({ messages, images: shown[index] }));
}

const conversation =
  (folder: string): ItemReader =>
  (item, name) => {
    const { messages, images } = item as { messages: unknown; images: unknown };
    const said = turns(messages, name);
    return typeof said === 'string' ? said : withImages(passage(said.text), givenImages(images, folder), name);
  };

/** What the user says in a conversation, without the marks of images: where these stand is the contract's to say. */
function turns(messages: unknown, name: string): { text: string } | string {
  const list = isRecord(messages) ? [messages] : messages;
  if (!Array.isArray(list)) return `${name} missing`;
  const texts: string[] = [];
  for (const turn of list as unknown[]) {
    if (!isRecord(turn)) return `${name} with something else than a message`;
    if (turn['role'] === 'system') return `${name} with a system's turn, which the contract states for all rows`;
    const content = textOf(turn['content']);
    if (content === null) return `${name} with a message without text`;
    texts.push(content.replaceAll('<image>', ''));
  }
  return { text: texts.join('\n') };
}

/** The first of several fields that holds something. */
const first = (row: Record<string, unknown>, names: string[]): unknown =>
  names.map((name) => row[name]).find((value) => value !== null && value !== undefined && value !== '');

const documentOf = (row: Record<string, unknown>, texts: string[], images: string[]) => ({
  text: first(row, texts),
  images: first(row, images),
});

/** The documents of one side: texts and images of one, or lists of as many of each. */
function sideOf(row: Record<string, unknown>, side: string): unknown[] {
  const { text, images } = documentOf(row, [`${side}_text`], [`${side}_image`, `${side}_image_path`]);
  if (!Array.isArray(text)) return text === undefined && images === undefined ? [] : [{ text, images }];
  const shown = Array.isArray(images) ? (images as unknown[]) : [];
  const found = (text as unknown[]).map((one, index) => ({ text: one, images: shown[index] }));
  return found.filter((one) => plain(one.text) !== '' || one.images);
}

const sidePassage =
  (folder: string): ItemReader =>
  (item, name) => {
    const { text: given, images } = item as { text: unknown; images: unknown };
    const text = textOf(plain(given));
    if (text === null) return noText(name, given);
    const found: GivenImage[] | string = givenImages(images, folder);
    return withImages(passage(text), found, name);
  };

/** A text without the marks of images. */
const plain = (text: unknown): unknown =>
  typeof text === 'string' ? text.replace(/<\|image_\d+\|>\s?/g, '') : (text ?? '');
