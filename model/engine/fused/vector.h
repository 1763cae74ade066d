// Sixteen floats at a time, in whatever registers the processor has: each kernel is compiled once for AVX-512, once for
// AVX2 and once for plain x86-64, and the loader of the library picks.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(ONE_PROCESSOR)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
#define INLINE static inline __attribute__((always_inline))

constexpr long lanes = 16;
typedef float Vector __attribute__((vector_size(64), aligned(4), may_alias));
typedef unsigned UnsignedVector __attribute__((vector_size(64), aligned(4), may_alias));
typedef int IntVector __attribute__((vector_size(64), aligned(4), may_alias));

INLINE Vector load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
INLINE void store(float* to, Vector value) { *reinterpret_cast<Vector*>(to) = value; }
INLINE Vector all(float value) { return value - Vector{}; }
INLINE long roundUp(long count) { return (count + lanes - 1) / lanes * lanes; }

/**
 * e to the x, within 2 units in the last place; smaller than the smallest normal number becomes that number or 0.
 * @tparam Floats  a vector of any length: one that fills a register is computed without a detour through memory
 */
template <typename Floats>
INLINE Floats exponential(Floats x) {
  typedef decltype(x > x) Integers;
  const Floats zero = {};
  x = x > 88.37f ? zero + 88.37f : x;
  x = x < -87.33f ? zero - 87.33f : x;
  const Floats shifter = zero + 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  Floats whole = x * 1.44269504f + shifter;
  whole = whole - shifter;
  const Floats rest = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
  Floats y = zero + 1.9875691500e-4f;
  y = y * rest + 1.3981999507e-3f;
  y = y * rest + 8.3334519073e-3f;
  y = y * rest + 4.1665795894e-2f;
  y = y * rest + 1.6666665459e-1f;
  y = y * rest + 5.0000001201e-1f;
  y = y * (rest * rest) + rest + 1.0f;
  const Integers power = (__builtin_convertvector(whole, Integers) + 127) << 23;
  return y * reinterpret_cast<const Floats&>(power);
}

template <typename Floats>
INLINE Floats sigmoid(Floats x) {
  return 1.0f / (1.0f + exponential(-x));
}
