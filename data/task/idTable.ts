/** Ids in the order in which they were added, as packed bytes: millions of them fit into memory. */
export interface IdTable {
  readonly size: number;
  /** @returns whether the id is new; one that is there already is not added */
  add(id: string): boolean;
  /** @param row  0 to size - 1 */
  get(row: number): string;
  /** @returns the row of an id, -1 where it has none */
  rowOf(id: string): number;
  /** The ids as UTF-8, one after another, and where each begins: [size + 1]. */
  packed(): { bytes: Buffer; begins: Uint32Array };
}

/**
 * A table of ids with a look-up by hash, open addressing.
 * @param packed  what `packed` gave of another table, whose ids this one then begins with
 */
export function createIdTable(packed?: { bytes: Buffer; begins: Uint32Array }): IdTable {
  let bytes = packed ? Buffer.from(packed.bytes) : Buffer.alloc(1024);
  let begins = packed ? Uint32Array.from(packed.begins) : new Uint32Array(64);
  let size = packed ? packed.begins.length - 1 : 0;
  let slots = new Int32Array(0);

  const slotOf = (id: Buffer) => {
    let slot = hashOf(id) & (slots.length - 1);
    for (let row = slots[slot]!; row !== empty; row = slots[slot]!) {
      if (id.equals(bytes.subarray(begins[row], begins[row + 1]))) break;
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  };
  /** At most half of the slots are in use. Made when ids are first asked for: a table that was read may never be. */
  const makeRoom = () => {
    if (slots.length > 2 * size) return;
    slots = new Int32Array(2 ** Math.ceil(Math.log2(4 * (size + 16)))).fill(empty);
    for (let row = 0; row < size; row++) slots[slotOf(bytes.subarray(begins[row], begins[row + 1]))] = row;
  };

  return {
    get size() {
      return size;
    },
    add(text) {
      makeRoom();
      const id = Buffer.from(text);
      const slot = slotOf(id);
      if (slots[slot] !== empty) return false;
      const end = begins[size]! + id.length;
      if (end > bytes.length) bytes = Buffer.concat([bytes], Math.max(2 * bytes.length, end));
      if (size + 2 > begins.length) begins = grown(begins, 2 * begins.length);
      id.copy(bytes, begins[size]);
      begins[size + 1] = end;
      slots[slot] = size++;
      return true;
    },
    get: (row) => bytes.toString('utf8', begins[row], begins[row + 1]),
    rowOf(id) {
      makeRoom();
      return slots[slotOf(Buffer.from(id))]!;
    },
    packed: () => ({ bytes: bytes.subarray(0, begins[size]), begins: begins.subarray(0, size + 1) }),
  };
}

const empty = -1;

/** FNV-1a. */
function hashOf(bytes: Buffer): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function grown(values: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(values);
  return larger;
}
