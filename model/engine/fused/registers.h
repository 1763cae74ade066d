// Sums that are held in registers over a loop. GCC keeps sixteen floats in memory where the processor's registers hold eight, so a
// kernel with such sums is a template over the floats of one register, compiled for each kind of processor.
#pragma once

#include "threads.h"
#include "vector.h"

/** So many floats in one register. */
template <int lanes>
struct Register {
  typedef float Floats __attribute__((vector_size(4 * lanes), aligned(4), may_alias));
  static inline __attribute__((always_inline)) Floats load(const float* from) {
    return *reinterpret_cast<const Floats*>(from);
  }
  static inline __attribute__((always_inline)) void store(float* to, Floats value) {
    *reinterpret_cast<Floats*>(to) = value;
  }
};

/** The sum of what a register holds. */
template <int lanes>
INLINE float sumOfRegister(typename Register<lanes>::Floats value) {
  float sum = 0;
  for (int lane = 0; lane < lanes; lane++) sum += value[lane];
  return sum;
}

// FOR_EACH_WIDTH(kernel) defines kernelHere, the instance of kernel<lanes> for the processor that it runs on.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(ONE_PROCESSOR)
#define FOR_EACH_WIDTH(kernel)                                                                              \
  __attribute__((target("arch=x86-64-v4"))) void kernel##Of16(const void* work, long begin, long end) {     \
    kernel<16>(work, begin, end);                                                                           \
  }                                                                                                         \
  __attribute__((target("arch=x86-64-v3"))) void kernel##Of8(const void* work, long begin, long end) {      \
    kernel<8>(work, begin, end);                                                                            \
  }                                                                                                         \
  void kernel##Of4(const void* work, long begin, long end) { kernel<4>(work, begin, end); }                 \
  const Part kernel##Here = widestLanes() == 16 ? kernel##Of16 : widestLanes() == 8 ? kernel##Of8 : kernel##Of4;

inline int widestLanes() {
  const bool of8 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool of16 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return of8 && of16 ? 16 : of8 ? 8 : 4;
}
#elif defined(__AVX512F__)
#define FOR_EACH_WIDTH(kernel) const Part kernel##Here = kernel<16>;
#elif defined(__AVX__)
#define FOR_EACH_WIDTH(kernel) const Part kernel##Here = kernel<8>;
#else
#define FOR_EACH_WIDTH(kernel) const Part kernel##Here = kernel<4>;
#endif
