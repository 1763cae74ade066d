import * as tf from '@tensorflow/tfjs';

/** TensorFlow.js. Every file that touches tensors takes it from here; `startEngine` gives it a backend. */
export { tf };
