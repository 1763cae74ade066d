// What the products with low-rank adapters share. Projections with the same input, or side by side in an output, are
// handled at once: A [adapters * rank, in] and B [sum of outs, rank] hold their matrices one below the other.
#pragma once

#include <vector>

#include "../operation.h"

/** Rows that go through a product with an adapter together. */
constexpr long rowBlock = 4;

/** Masks need the keys of every row. */
inline void requireRowKeys(Call& call, const Matrix& keys, long rows) {
  if (call.settings.rate == 0 || keys.rows == rows) return;
  call.fail(TF_INVALID_ARGUMENT, "row_keys must hold two numbers a row");
  throw Failure{};
}

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
