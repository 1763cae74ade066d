// What the thin products of low-rank adapters share. Projections with the same input, or side by side in an output, are
// handled at once: A [adapters * rank, in] and B [sum of outs, rank] hold their matrices one below the other.
#pragma once

#include <vector>

#include "operation.h"

/** Rows that go through a thin product together. */
constexpr long rowBlock = 4;

/** B of each adapter turned to [rank, out], one after the other. */
inline std::vector<float> turned(const Matrix& b, const int* widths, long adapters) {
  std::vector<float> out(b.rows * b.columns);
  long first = 0;
  for (long adapter = 0; adapter < adapters; adapter++) {
    float* to = &out[first * b.columns];
    for (long row = 0; row < widths[adapter]; row++)
      for (long rank = 0; rank < b.columns; rank++) to[rank * widths[adapter] + row] = b.row(first + row)[rank];
    first += widths[adapter];
  }
  return out;
}
