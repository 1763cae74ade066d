import { bytesField, numberField, type Message } from '../protobuf.js';
import type { RankPlace } from './rankPlace.js';

/** How long ranks have patience with each other, in seconds. */
export interface Patience {
  /** Until all have joined. */
  join: number;
  /** Until a rank that gives no sign of life counts as gone. */
  heartbeat: number;
}

const job = 'worker';
/** At the end ranks wait for each other by a message of their own; this only has to be longer. */
const shutdownMs = 7 * 24 * 3600 * 1000;

/** The name that TensorFlow gives to a rank. */
const taskName = (rank: number) => `/job:${job}/replica:0/task:${rank}`;

/** The rank that stands in an error of TensorFlow's; undefined where none does. */
export function rankIn(message: string): number | undefined {
  const found = /\/task:(\d+)/.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * TensorFlow's `ConfigProto`: the coordination service runs in rank 0, everyone waits for everyone when joining.
 * Source: tensorflow/core/protobuf/config.proto, coordination_config.proto of TensorFlow 2.21.
 */
export function configProto(ranks: number, { join, heartbeat }: Patience): Message {
  const leader = taskName(0);
  const coordination = [
    ...bytesField(1, 'standalone'),
    ...bytesField(2, leader),
    ...numberField(3, 1), // health is checked
    ...numberField(4, 1000 * join),
    ...numberField(5, 1000 * heartbeat),
    ...numberField(7, shutdownMs),
    ...bytesField(10, [...bytesField(1, job), ...numberField(2, ranks)]),
    ...numberField(14, 1), // joins behind a barrier: without it rank 0 waits for ever for a rank that never comes
  ];
  return bytesField(16, [...bytesField(1, leader), ...bytesField(23, coordination)]);
}

/**
 * TensorFlow's `ServerDef`: every rank with its address, and which of them this one is.
 * Source: tensorflow/core/protobuf/tensorflow_server.proto, cluster.proto of TensorFlow 2.21.
 */
export function serverDef({ rank, addresses }: RankPlace, config: Message): Message {
  const tasks = addresses.flatMap((address, task) =>
    bytesField(2, [...numberField(1, task), ...bytesField(2, address)]),
  );
  const cluster = bytesField(1, [...bytesField(1, job), ...tasks]);
  return [
    ...bytesField(1, cluster),
    ...bytesField(2, job),
    ...numberField(3, rank),
    ...bytesField(4, config),
    ...bytesField(5, 'grpc'),
  ];
}
