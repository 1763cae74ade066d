// Products that make rows narrow: activations times A^T, and gradients times B.
#include <algorithm>
#include <vector>

#include "../dropout.h"
#include "../operation.h"
#include "../registers.h"
#include "lowRank.h"

namespace {

/** out[i * stride + k] = scale * dot(x[i], a[k]) for four rows of x and as many of a as their sums have registers. */
template <int lanes, int together>
INLINE void dots(const float* const x[rowBlock], const float* const a[together], long columns, float scale, float* out,
                 long stride, long rows, long ranks) {
  typedef Register<lanes> Held;
  typename Held::Floats sums[rowBlock][together] = {};
  long column = 0;
  for (; column + lanes <= columns; column += lanes) {
    typename Held::Floats factors[together];
    for (long rank = 0; rank < together; rank++) factors[rank] = Held::load(a[rank] + column);
    for (long row = 0; row < rowBlock; row++) {
      const auto value = Held::load(x[row] + column);
      for (long rank = 0; rank < together; rank++) sums[row][rank] += value * factors[rank];
    }
  }
  for (long row = 0; row < rows; row++) {
    for (long rank = 0; rank < ranks; rank++) {
      float sum = 0;
      for (long lane = 0; lane < lanes; lane++) sum += sums[row][rank][lane];
      for (long rest = column; rest < columns; rest++) sum += x[row][rest] * a[rank][rest];
      out[row * stride + rank] = scale * sum;
    }
  }
}

struct Inward {
  Matrix x;
  const float* a;
  long rank, adapters;
  const int* widths;  // of each adapter's part of x; null when all read the whole of it
  const int* adapterKeys;  // two of each adapter, and of each row
  const int* rowKeys;
  Dropout dropout;
  float scale;
  float* out;
};

template <int lanes>
INLINE void inward(const void* arguments, long begin, long end) {
  constexpr int together = lanes == 16 ? 4 : 2;
  const Inward& work = *static_cast<const Inward*>(arguments);
  const long stride = work.rank * work.adapters;
  std::vector<float> kept(work.dropout.rate > 0 ? rowBlock * work.x.columns : 0);
  for (long block = begin; block < end; block++) {
    const long first = block * rowBlock, rows = std::min(rowBlock, work.x.rows - first);
    const float* a = work.a;
    long offset = 0;
    for (long adapter = 0; adapter < work.adapters; adapter++) {
      const long width = work.widths ? work.widths[adapter] : work.x.columns;
      const float* x[rowBlock];
      for (long row = 0; row < rowBlock; row++) {
        x[row] = work.x.row(std::min(first + row, work.x.rows - 1)) + offset;
        if (work.dropout.rate == 0) continue;
        const MaskKey key(work.rowKeys + 2 * std::min(first + row, work.x.rows - 1), work.adapterKeys + 2 * adapter);
        dropped(x[row], &kept[row * work.x.columns], width, 0, key, work.dropout);
        x[row] = &kept[row * work.x.columns];
      }
      for (long rank = 0; rank < work.rank; rank += together) {
        const float* rowsOfA[together];
        for (long k = 0; k < together; k++) rowsOfA[k] = a + std::min(rank + k, work.rank - 1) * width;
        dots<lanes, together>(x, rowsOfA, width, work.scale, work.out + first * stride + adapter * work.rank + rank,
                              stride, rows, std::min<long>(together, work.rank - rank));
      }
      a += work.rank * width;
      if (work.widths) offset += width;
    }
  }
}

FOR_EACH_WIDTH(inward)

/** scale * drop(x) A^T of each adapter, side by side. */
void lowRankIn(Call& call) {
  const Matrix x = call.matrix(0), a = call.matrix(1), adapterKeys = call.matrix(2), rowKeys = call.matrix(3);
  const long adapters = adapterKeys.rows;
  requireRowKeys(call, rowKeys, x.rows);
  Inward work{x, a.values, a.rows / adapters, adapters, nullptr, reinterpret_cast<const int*>(adapterKeys.values),
              reinterpret_cast<const int*>(rowKeys.values), Dropout(call.settings.rate), call.settings.scale, nullptr};
  work.out = call.makeOutput(0, {x.rows, a.rows});
  inParallel((x.rows + rowBlock - 1) / rowBlock, 8, inwardHere, &work);
}

/** dInner of `lowRankOut`: scale * dy B of each adapter, side by side. */
void lowRankOutGradient(Call& call) {
  const Matrix dy = call.matrix(0), b = call.matrix(1), widths = call.matrix(2);
  const int* widthOf = reinterpret_cast<const int*>(widths.values);
  const std::vector<float> matrix = turned(b, widthOf, widths.columns);
  Inward work{dy, matrix.data(), b.columns, widths.columns, widthOf, nullptr, nullptr, Dropout(0),
              call.settings.scale, nullptr};
  work.out = call.makeOutput(0, {dy.rows, b.columns * widths.columns});
  inParallel((dy.rows + rowBlock - 1) / rowBlock, 8, inwardHere, &work);
}

}  // namespace

void registerLowRankIn() {
  registerOperation("TercetLowRankIn",
                    {"in x: float", "in a: float", "in adapter_keys: int32", "in row_keys: int32", "out inner: float",
                     "set scale: float", "set rate: float"},
                    compute<lowRankIn>);
  registerOperation("TercetLowRankOutGradient",
                    {"in dy: float", "in b: float", "in widths: int32", "out inner: float", "set scale: float"},
                    compute<lowRankOutGradient>);
}
