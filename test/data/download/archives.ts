import { once } from 'node:events';
import { deflateRawSync, gzipSync } from 'node:zlib';
import CRC32 from 'crc-32';
import tar from 'tar-stream';

export interface ZipMember {
  name: string;
  text: string;
  /** Of a Unix file, such as 0o120777 for a link. */
  mode?: number;
  /** Instead of the right checksum. */
  crc?: number;
}

/** A zip archive, written by hand so that it can hold what no tool would put there. Source: PKWARE APPNOTE 4.3. */
export function makeZip(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, text, mode = 0o100644, crc = CRC32.str(text) } of members) {
    const packed = deflateRawSync(text);
    const facts = Buffer.alloc(26); // version, flags, method, time, date, crc, sizes, lengths of name and extra
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeInt32LE(crc, 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(Buffer.byteLength(text), 18);
    facts.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14); // comment, disk, attributes, place
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    const madeBy = Buffer.from([20, 3]);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), madeBy, facts, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}

/** A .tar.gz of files and, where a target is stated, links. */
export async function makeTar(members: readonly { name: string; text?: string; linkTo?: string }[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { name, text = '', linkTo } of members)
    pack.entry(linkTo === undefined ? { name } : { name, type: 'symlink', linkname: linkTo }, text);
  pack.finalize();
  const pieces: Buffer[] = [];
  pack.on('data', (piece: Buffer) => pieces.push(piece));
  await once(pack, 'end');
  return gzipSync(Buffer.concat(pieces));
}
