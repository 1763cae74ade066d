/** Where the entry of each id begins, for ids by the ten million: 12 bytes a slot, up to two slots an id. */
export interface OffsetTable {
  size(): number;
  /** @param isSame  whether the entry at an offset has the id that is being added. @returns false where one has */
  add(hash: number, offset: number, isSame: (offset: number) => boolean): boolean;
  /** Places that may hold the id of this hash: nearly always one or none. */
  candidates(hash: number): Generator<number>;
}

/** A hash table with linear probing. Ids themselves are not kept: the entries hold them. */
export function createOffsetTable(): OffsetTable {
  let slots = 2 ** 16;
  let hashes = new Uint32Array(slots);
  let places = new Float64Array(slots); // offset + 1; 0 = free
  let taken = 0;

  function grow(): void {
    const [oldHashes, oldPlaces] = [hashes, places];
    slots *= 2;
    hashes = new Uint32Array(slots);
    places = new Float64Array(slots);
    for (let old = 0; old < oldPlaces.length; old++) if (oldPlaces[old] !== 0) put(oldHashes[old]!, oldPlaces[old]!);
  }
  function put(hash: number, place: number): void {
    let slot = hash & (slots - 1);
    while (places[slot] !== 0) slot = (slot + 1) & (slots - 1);
    hashes[slot] = hash;
    places[slot] = place;
  }
  function* candidates(hash: number): Generator<number> {
    for (let slot = hash & (slots - 1); places[slot] !== 0; slot = (slot + 1) & (slots - 1))
      if (hashes[slot] === hash) yield places[slot]! - 1;
  }
  return {
    size: () => taken,
    add(hash, offset, isSame) {
      for (const candidate of candidates(hash)) if (isSame(candidate)) return false;
      if (++taken > MOST_TAKEN * slots) grow();
      put(hash, offset + 1);
      return true;
    },
    candidates,
  };
}

const MOST_TAKEN = 0.75;

/**
 * The entry that has an id; null where none has. Ids are compared byte for byte.
 * @param entryAt  the entry that begins at an offset, or why there is none
 */
export function findEntry<Entry extends { id: string }>(
  table: OffsetTable,
  id: string,
  entryAt: (offset: number) => Entry | string,
): Entry | null {
  for (const offset of table.candidates(hashOf(Buffer.from(id)))) {
    const entry = entryAt(offset);
    if (typeof entry !== 'string' && entry.id === id) return entry;
  }
  return null;
}

/** 32 bits of an id's bytes. Source: FNV-1a, finished as MurmurHash3 does. */
export function hashOf(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
