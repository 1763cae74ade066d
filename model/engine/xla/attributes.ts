import { bytesField, numberField, type Message } from '../protobuf.js';
import { typeCodes, type NumberKind } from '../native/typeCodes.js';

/** Values of an operation's attributes. Source: AttrValue, TensorProto and TensorShapeProto of TensorFlow 2.21. */
export const attributes = {
  kind: (kind: NumberKind): Message => numberField(6, typeCodes[kind]),
  integer: (value: number): Message => numberField(3, value),
  flag: (value: boolean): Message => numberField(5, value ? 1 : 0),
  bytes: (value: Message): Message => bytesField(2, value),
  tensor: (kind: NumberKind, shape: readonly number[], values: Uint8Array): Message =>
    bytesField(8, [
      ...numberField(1, typeCodes[kind]),
      ...bytesField(2, shapeOf(shape)),
      ...bytesField(4, [...values]),
    ]),
};

/** An entry of a map from text to a message. */
export const mapEntry = (field: number, key: string, value: string | Message): Message =>
  bytesField(field, [...bytesField(1, key), ...bytesField(2, value)]);

const shapeOf = (shape: readonly number[]): Message => shape.flatMap((size) => bytesField(2, numberField(1, size)));
