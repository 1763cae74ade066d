/**
 * A generator of numbers in [0, 1) that gives the same sequence for the same parts on every machine.
 * The parts (a seed, a name of what is drawn, an epoch, ...) are hashed, so neighbouring seeds give unrelated sequences.
 * Source: sfc32 of PractRand 0.95 (C. Doty-Humphrey), 128 bits of state seeded through 32-bit FNV-1a hashes that are
 * finished with the murmur3 mixer (A. Appleby).
 * @param parts  told apart by kind and place: (1, 23), (12, 3) and ('1', 23) give different sequences
 * @returns      each call gives the next number, a multiple of 2^-32
 */
export function seededRandom(...parts: (number | string)[]): () => number {
  const key = JSON.stringify(parts);
  let a = hash(key, 0);
  let b = hash(key, 1);
  let c = hash(key, 2);
  let counter = 1;
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return (result >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round++) next();
  return next;
}

/**
 * The items in a random order, every order equally likely. Source: Fisher-Yates in Durstenfeld's form.
 * @returns a new array; `items` keeps its order
 */
export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[chosen]] = [shuffled[chosen] as T, shuffled[last] as T];
  }
  return shuffled;
}

/** As many as PractRand runs after seeding, so that close states have drifted apart. */
const WARM_UP_ROUNDS = 12;

/** A 32-bit hash of the text; `lane` gives independent hashes of the same text. */
function hash(text: string, lane: number): number {
  let value = 0x811c9dc5 ^ Math.imul(lane, 0x9e3779b9);
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
