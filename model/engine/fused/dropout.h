#pragma once

#include <cstdint>

#include "vector.h"

/** Which elements of an adapter's input stay: a hash of the seed and the element's place, so a mask never needs storing. */
struct Dropout {
  float rate;
  uint32_t limit;
  float kept;  // what a kept element is multiplied with

  explicit Dropout(float rate)
      : rate(rate), limit(static_cast<uint32_t>(static_cast<double>(rate) * 4294967296.0)), kept(1 / (1 - rate)) {}
};

/** Source: finalizer of MurmurHash3 (32 bits). */
INLINE UnsignedVector mixed(UnsignedVector bits) {
  bits = (bits ^ (bits >> 16)) * 0x85EBCA6Bu;
  bits = (bits ^ (bits >> 13)) * 0xC2B2AE35u;
  return bits ^ (bits >> 16);
}

/** What the elements from `place` on are multiplied with, as `dropoutMaskValue` decides it; `seeds` are mixed already. */
INLINE Vector mask(uint32_t place, const int* seeds, const Dropout& dropout) {
  const UnsignedVector lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const UnsignedVector inner = mixed((lane + place) ^ static_cast<uint32_t>(seeds[0]));
  const UnsignedVector bits = mixed(inner + static_cast<uint32_t>(seeds[1]));
  return bits < dropout.limit ? all(0) : all(dropout.kept);
}

/** to[i] = mask(place + i) * from[i] */
INLINE void dropped(const float* from, float* to, long count, uint32_t place, const int* seeds, const Dropout& dropout) {
  long index = 0;
  for (; index + lanes <= count; index += lanes)
    store(to + index, load(from + index) * mask(place + static_cast<uint32_t>(index), seeds, dropout));
  if (index == count) return;
  const Vector last = mask(place + static_cast<uint32_t>(index), seeds, dropout);
  for (long lane = 0; index + lane < count; lane++) to[index + lane] = from[index + lane] * last[lane];
}
