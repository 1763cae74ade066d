import { UserError } from '../../configs/userError.js';

/** The kinds of image that are read; each is known by its first bytes, never by its name. */
const read: [kind: string, starts: (head: Head) => boolean][] = [
  ['PNG', (head) => head.latin.startsWith('\x89PNG\r\n\x1a\n')],
  ['JPEG', (head) => head.latin.startsWith('\xff\xd8\xff')],
  ['GIF', (head) => /^GIF8[79]a/.test(head.latin)],
  ['WebP', (head) => /^RIFF[^]{4}WEBP/.test(head.latin)],
  ['TIFF', (head) => /^(II[*+]\0|MM\0[*+])/.test(head.latin)],
];

/** Kinds that people have and that are not read, with what to do. */
const refused: [kind: string, starts: (head: Head) => boolean, remedy: string][] = [
  ['a PDF', (head) => head.latin.includes('%PDF-'), 'render its pages as PNG first'],
  ['SVG', (head) => /<svg[\s>]/i.test(head.latin), 'its letters depend on the machine; render it as PNG first'],
  ['HEIC', (head) => /^[^]{4}ftyp(hei|hev|mif1|msf1)/.test(head.latin), 'convert it to JPEG or PNG'],
  ['AVIF', (head) => /^[^]{4}ftypavi/.test(head.latin), 'decoders differ in its pixels; convert it to PNG'],
  ['JPEG XL', (head) => /^(\xff\x0a|\0\0\0\x0cJXL )/.test(head.latin), 'convert it to PNG'],
  ['JPEG 2000', (head) => /^(\0\0\0\x0cjP |\xff\x4f\xff\x51)/.test(head.latin), 'convert it to PNG'],
  ['BMP', (head) => /^BM[^]{4}\0\0\0\0/.test(head.latin), 'convert it to PNG'],
];

interface Head {
  /** One character a byte. */
  latin: string;
}

/** @returns the kind of an encoded image @throws UserError for what is not read, with what it is and the remedy */
export function imageKind(encoded: Uint8Array): string {
  if (encoded.length === 0) throw new UserError('is empty; fetch it again');
  const head = { latin: Buffer.from(encoded.subarray(0, 1024)).toString('latin1') };
  const known = read.find(([, starts]) => starts(head));
  if (known) return known[0];
  const other = refused.find(([, starts]) => starts(head));
  if (other) throw new UserError(`is ${other[0]}, which is not read; ${other[2]}`);
  throw new UserError(`is no image: images are ${read.map(([kind]) => kind).join(', ')}; leave it out`);
}
