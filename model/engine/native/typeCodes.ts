/** TF_DataType of tensorflow/c/tf_datatype.h. */
export const typeCodes = {
  float32: 1,
  int32: 3,
  uint8: 4,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  uint32: 22,
} as const;

/** Kinds of numbers that TensorFlow's tensors hold. */
export type NumberKind = keyof typeof typeCodes;
