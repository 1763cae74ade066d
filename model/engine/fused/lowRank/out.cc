// Products that make rows wide again, added to where they belong: inner B^T, and dInner A.
#include <algorithm>
#include <vector>

#include "../dropout.h"
#include "../operation.h"
#include "../registers.h"
#include "lowRank.h"

namespace {

struct Outward {
  float* y;  // [rows, columns], added to where it lies
  long rows, columns;
  const float* inner;
  const float* matrix;  // of each adapter [rank, width]
  long rank, adapters;
  const int* widths;  // of each adapter's part of y; null when all add to the whole of it
  const int* adapterKeys;  // two of each adapter, and of each row
  const int* rowKeys;
  Dropout dropout;
  Matrix bias, residual;  // either may be empty
};

template <int lanes>
INLINE void outward(const void* arguments, long begin, long end) {
  typedef Register<lanes> Held;
  const Outward& work = *static_cast<const Outward*>(arguments);
  const long stride = work.rank * work.adapters;
  const bool masked = work.dropout.rate > 0;
  std::vector<float> kept(masked ? work.columns : 0);
  for (long block = begin; block < end; block++) {
    const long first = block * rowBlock, rows = std::min(rowBlock, work.rows - first);
    for (long row = 0; row < rows; row++) {
      float* y = work.y + (first + row) * work.columns;
      if (work.bias.columns)
        for (long column = 0; column < work.columns; column++) y[column] += work.bias.values[column];
      if (work.residual.columns) {
        const float* residual = work.residual.row(first + row);
        for (long column = 0; column < work.columns; column++) y[column] += residual[column];
      }
    }
    const float* matrix = work.matrix;
    long offset = 0;
    for (long adapter = 0; adapter < work.adapters; adapter++) {
      const long width = work.widths ? work.widths[adapter] : work.columns;
      const float* inner = work.inner + first * stride + adapter * work.rank;
      if (masked) {
        for (long row = 0; row < rows; row++) {
          std::fill_n(kept.begin(), width, 0.0f);
          for (long rank = 0; rank < work.rank; rank++) {
            const float factor = inner[row * stride + rank];
            for (long column = 0; column < width; column++) kept[column] += factor * matrix[rank * width + column];
          }
          float* y = work.y + (first + row) * work.columns + offset;
          const MaskKey key(work.rowKeys + 2 * (first + row), work.adapterKeys + 2 * adapter);
          dropped(kept.data(), kept.data(), width, 0, key, work.dropout);
          for (long column = 0; column < width; column++) y[column] += kept[column];
        }
      } else {
        float* y = work.y + first * work.columns + offset;
        long column = 0;
        for (; rows == rowBlock && column + 2 * lanes <= width; column += 2 * lanes) {
          typename Held::Floats sums[rowBlock][2];
          for (long row = 0; row < rowBlock; row++) {
            sums[row][0] = Held::load(y + row * work.columns + column);
            sums[row][1] = Held::load(y + row * work.columns + column + lanes);
          }
          for (long rank = 0; rank < work.rank; rank++) {
            const float* const from = matrix + rank * width + column;
            const auto left = Held::load(from), right = Held::load(from + lanes);
            for (long row = 0; row < rowBlock; row++) {
              const float factor = inner[row * stride + rank];
              sums[row][0] += factor * left;
              sums[row][1] += factor * right;
            }
          }
          for (long row = 0; row < rowBlock; row++) {
            Held::store(y + row * work.columns + column, sums[row][0]);
            Held::store(y + row * work.columns + column + lanes, sums[row][1]);
          }
        }
        for (long row = 0; row < rows; row++)
          for (long rest = column; rest < width; rest++)
            for (long rank = 0; rank < work.rank; rank++)
              y[row * work.columns + rest] += inner[row * stride + rank] * matrix[rank * width + rest];
      }
      matrix += work.rank * width;
      if (work.widths) offset += width;
    }
  }
}

FOR_EACH_WIDTH(outward)

/** What `lowRankIn` sends back to x, added to `into` where it lies: mask * (dInner A). */
void lowRankInGradient(Call& call) {
  const Matrix into = call.matrix(0), inner = call.matrix(1), a = call.matrix(2);
  const Matrix adapterKeys = call.matrix(3), rowKeys = call.matrix(4);
  const long adapters = adapterKeys.rows;
  requireRowKeys(call, rowKeys, into.rows);
  Outward work{const_cast<float*>(into.values), into.rows, into.columns, inner.values, a.values, a.rows / adapters,
               adapters, nullptr, reinterpret_cast<const int*>(adapterKeys.values),
               reinterpret_cast<const int*>(rowKeys.values), Dropout(call.settings.rate), {}, {}};
  call.makeOutput(0, {0});
  inParallel((into.rows + rowBlock - 1) / rowBlock, 8, outwardHere, &work);
}

/** inner B^T of each adapter, the bias and the residual, added to y where it lies. */
void lowRankOut(Call& call) {
  const Matrix y = call.matrix(0), inner = call.matrix(1), b = call.matrix(2), widths = call.matrix(3);
  const int* widthOf = reinterpret_cast<const int*>(widths.values);
  const std::vector<float> matrix = turned(b, widthOf, widths.columns);
  Outward work{const_cast<float*>(y.values), y.rows, y.columns, inner.values, matrix.data(), b.columns, widths.columns,
               widthOf, nullptr, nullptr, Dropout(0), call.matrix(4), call.matrix(5)};
  call.makeOutput(0, {0});
  inParallel((y.rows + rowBlock - 1) / rowBlock, 8, outwardHere, &work);
}

}  // namespace

void registerLowRankOut() {
  registerOperation("TercetLowRankInGradient",
                    {"in into: float", "in inner: float", "in a: float", "in adapter_keys: int32", "in row_keys: int32",
                     "out nothing: float", "set rate: float"},
                    compute<lowRankInGradient>);
  registerOperation("TercetLowRankOut",
                    {"in y: float", "in inner: float", "in b: float", "in widths: int32", "in bias: float",
                     "in residual: float", "out nothing: float"},
                    compute<lowRankOut>);
}
