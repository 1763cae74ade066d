import { capabilities } from './capabilities.js';
import { filled, withKept } from './native/deviceNumbers.js';
import { tf } from './tf.js';

// Operations with a number, which have no gradient of their own. In those of TensorFlow.js the number is a tensor that
// is sent to the device each time.

/** x + number; the caller owns it. */
export const plus = <T extends tf.Tensor>(x: T, number: number): T =>
  capabilities().rawHandles ? (withKept('AddV2', x, number) as T) : x.add(number);

/** x · number; the caller owns it. */
export const times = <T extends tf.Tensor>(x: T, number: number): T =>
  capabilities().rawHandles ? (withKept('Mul', x, number) as T) : x.mul(number);

/** The larger of x and a number; the caller owns it. */
export const atLeast = <T extends tf.Tensor>(x: T, number: number): T =>
  capabilities().rawHandles ? (withKept('Maximum', x, number) as T) : x.maximum(number);

/** A number again and again; the caller owns it. */
export const fillWith = <T extends tf.Tensor>(shape: number[], number: number): T =>
  (capabilities().rawHandles ? filled(shape, number) : tf.fill(shape, number)) as T;
