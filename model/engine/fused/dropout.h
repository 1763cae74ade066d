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
INLINE uint32_t mixed(uint32_t bits) {
  bits = (bits ^ (bits >> 16)) * 0x85EBCA6Bu;
  bits = (bits ^ (bits >> 13)) * 0xC2B2AE35u;
  return bits ^ (bits >> 16);
}

/** Is the element dropped? As `fillMask` of dropoutMask.ts decides it; `seeds` are mixed already. */
INLINE bool drops(uint32_t place, const int* seeds, uint32_t limit) {
  return mixed(mixed(place ^ static_cast<uint32_t>(seeds[0])) + static_cast<uint32_t>(seeds[1])) < limit;
}

/** to[i] = mask(place + i) * from[i] */
INLINE void dropped(const float* from, float* to, long count, uint32_t place, const int* seeds, const Dropout& dropout) {
  for (long index = 0; index < count; index++)
    to[index] = drops(place + static_cast<uint32_t>(index), seeds, dropout.limit) ? 0.0f : from[index] * dropout.kept;
}
