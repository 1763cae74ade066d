import { PeerFailure } from '../../../configs/peerFailure.js';
import { capabilities } from '../capabilities.js';
import { nativeBackend } from '../native/rawTensors.js';
import { tf } from '../tf.js';
import { peerFailureIn } from './peerFailureIn.js';
import { alonePlace, type RankPlace } from './rankPlace.js';

/**
 * What the ranks of one run exchange. All of them must call the same, in the same order, with tensors of one shape; each
 * call waits for all. @throws PeerFailure where another rank is gone or has failed: nothing can be exchanged any more
 */
export interface Collective {
  place: RankPlace;
  /** The rows of all ranks, those of rank 0 first: [ranks * rows, columns]. The caller owns it. */
  gather(rows: tf.Tensor2D): tf.Tensor2D;
  /** The sum over all ranks, the same bits on each. The caller owns it. */
  sum(values: tf.Tensor1D): tf.Tensor1D;
  /** Return once every rank has come here. */
  meet(): void;
  /** Let every rank know a text. All of them must call it. @returns the text of each, in the order of ranks */
  tell(text: string): string[];
  /** Why nothing can be exchanged any more, where that is known. Waits for nobody, and some ranks may ask alone. */
  lost(): PeerFailure | undefined;
  /** The last that a rank calls: rank 0, where the texts are, returns once all others have read them and called it too. */
  part(): void;
  /** Let every other rank fail with these words, whatever it is doing. */
  fail(words: string): void;
}

/** A process that is a run by itself has nobody to wait for. */
export const alone: Collective = {
  place: alonePlace,
  gather: (rows) => rows.clone(),
  sum: (values) => values.clone(),
  meet: () => {},
  tell: (text) => [text],
  lost: () => undefined,
  part: () => {},
  fail: () => {},
};

/** A text that all have published is there; this only has to be long. */
const readMs = 60_000;

/** The collectives of TensorFlow, NCCL's on cards, for a process that has joined the others. */
export function joinedCollective(place: RankPlace): Collective {
  if (place.ranks === 1) return alone;
  const { runByName, type, text, integer, float, exchange } = nativeBackend();
  const keys = new Map<string, number>();
  let told = 0;
  let hasFailed = false;

  function collective(name: string, x: tf.Tensor, settings: ReturnType<typeof text>[]): tf.Tensor {
    // A key may be used again for the same shape only; each costs memory for good.
    const use = `${name} ${x.shape.join()}`;
    if (!keys.has(use)) keys.set(use, keys.size + 1);
    const numbers = [place.ranks, group, keys.get(use)!].map((number) => tf.scalar(number, 'int32'));
    const hint = capabilities().card ? 'nccl' : 'auto';
    const attributes = [
      type('T', FLOAT),
      ...settings,
      integer('Nordering_token', 0),
      text('communication_hint', hint),
      float('timeout_seconds', 0),
    ];
    try {
      return inOurWords(() => runByName(name, [x, ...numbers], attributes, 1)[0]!);
    } finally {
      tf.dispose(numbers);
    }
  }

  function inOurWords<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw peerFailureIn((error as Error).message, place) ?? error;
    }
  }

  const sum = (values: tf.Tensor1D) =>
    collective('CollectiveReduceV2', values, [text('merge_op', 'Add'), text('final_op', 'Id')]) as tf.Tensor1D;

  function meet(): void {
    const one = tf.tensor1d([1]);
    const all = sum(one);
    all.dataSync(); // on a card the sum may still be under way
    tf.dispose([one, all]);
  }

  return {
    place,
    gather: (rows) => collective('CollectiveGatherV2', rows, []) as tf.Tensor2D,
    sum,
    meet,
    tell(words) {
      const key = (rank: number) => `told/${told}/${rank}`;
      inOurWords(() => exchange.publish(key(place.rank), words));
      meet();
      const all = place.addresses.map((_, rank) => inOurWords(() => exchange.published(key(rank), readMs)));
      told++;
      const silent = all.indexOf(undefined);
      if (silent >= 0) throw new Error(`rank ${silent} published nothing under ${key(silent)}`);
      return all as string[];
    },
    lost() {
      try {
        // Whom signs of life no longer reach gets an error for an answer, whatever is asked for.
        inOurWords(() => exchange.published('lost', 1));
      } catch (error) {
        if (error instanceof PeerFailure) return error;
        throw error;
      }
      return undefined;
    },
    part() {
      if (hasFailed) return; // nobody will say so
      const key = (rank: number) => `parted/${rank}`;
      const others = place.addresses.map((_, rank) => rank).slice(1);
      try {
        if (place.rank > 0) exchange.publish(key(place.rank), '');
        else for (const rank of others) exchange.published(key(rank), readMs);
      } catch {
        // Who is gone by now has done its part, or has failed with words of its own.
      }
    },
    fail: (words) => {
      hasFailed = true;
      try {
        exchange.reportError(words.replaceAll('\n', ' '));
      } catch {
        // Then the others find out by themselves that this one is gone.
      }
    },
  };
}

/** TF_DataType of tensorflow/c/tf_datatype.h. */
const FLOAT = 1;
/** All ranks are one group. */
const group = 1;
