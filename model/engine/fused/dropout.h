#pragma once

#include <cstdint>

#include "vector.h"

/** Which elements of an adapter's input stay: a hash of keys and the element's column, so a mask never needs storing. */
struct Dropout {
  float rate;
  uint32_t limit;
  float kept;  // what a kept element is multiplied with

  explicit Dropout(float rate)
      : rate(rate),
        limit(static_cast<uint32_t>(static_cast<double>(rate) * 16777216.0) * 256u),  // 24 bits: a float32 holds them
        kept(1 / (1 - rate)) {}
};

/** What a mask depends on besides the column. */
struct MaskKey {
  uint32_t first, second;

  /** Of a row, a token of some text, and an adapter: two numbers each. */
  MaskKey(const int* row, const int* adapter)
      : first(static_cast<uint32_t>(row[0] ^ adapter[0])), second(static_cast<uint32_t>(row[1] ^ adapter[1])) {}
};

/** What the elements from `column` on are multiplied with, as `maskValue` of dropoutMask.ts decides it. */
INLINE Vector mask(uint32_t column, MaskKey key, const Dropout& dropout) {
  const UnsignedVector lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  UnsignedVector bits = (lane + column) ^ key.first;
  bits = ((bits ^ (bits >> 16)) * 0x85EBCA6Bu) ^ key.second;
  bits = (bits ^ (bits >> 13)) * 0xC2B2AE35u;
  bits = bits ^ (bits >> 16);
  return bits < dropout.limit ? all(0) : all(dropout.kept);
}

/** to[i] = mask(column + i) * from[i] */
INLINE void dropped(const float* from, float* to, long count, long column, MaskKey key, const Dropout& dropout) {
  const uint32_t first = static_cast<uint32_t>(column);
  long index = 0;
  for (; index + lanes <= count; index += lanes)
    store(to + index, load(from + index) * mask(first + static_cast<uint32_t>(index), key, dropout));
  if (index == count) return;
  const Vector last = mask(first + static_cast<uint32_t>(index), key, dropout);
  for (long lane = 0; index + lane < count; lane++) to[index + lane] = from[index + lane] * last[lane];
}
