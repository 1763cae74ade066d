// Gradients of A and B: products over all rows, a tile of columns at a time, so that no two threads share a sum.
#include <algorithm>
#include <vector>

#include "../dropout.h"
#include "../operation.h"
#include "../registers.h"
#include "lowRank.h"

namespace {

constexpr long tile = 256, depth = 32;

// out[k, j] = sum over rows of left[row, k] * right[row, j], for a tile of columns j at a time.
struct Across {
  Matrix left, right;
  long rank, adapters;
  const int* widths;  // of each adapter's part of right; null when all read the whole of it
  const int* adapterKeys;  // two of each adapter, and of each row
  const int* rowKeys;
  Dropout dropout;
  bool turnedOut;  // write [j, k] in place of [k, j]
  float* out;
};

/** sums[k * tile + j] += left[row, k] * right[row, j] over some rows, four k and two vectors of j at a time. */
template <int lanes>
INLINE void accumulate(const float* left, long leftStride, const float* right, long rightStride, long rows, long ranks,
                       long columns, float* sums) {
  typedef Register<lanes> Held;
  for (long rank = 0; rank < ranks; rank += 4) {
    for (long column = 0; column < columns; column += 2 * lanes) {
      typename Held::Floats held[4][2];
      for (long k = 0; k < 4; k++) {
        held[k][0] = Held::load(sums + (rank + k) * tile + column);
        held[k][1] = Held::load(sums + (rank + k) * tile + column + lanes);
      }
      for (long row = 0; row < rows; row++) {
        const float* const from = right + row * rightStride + column;
        const auto a = Held::load(from), b = Held::load(from + lanes);
        for (long k = 0; k < 4; k++) {
          const float factor = left[row * leftStride + rank + k];
          held[k][0] += factor * a;
          held[k][1] += factor * b;
        }
      }
      for (long k = 0; k < 4; k++) {
        Held::store(sums + (rank + k) * tile + column, held[k][0]);
        Held::store(sums + (rank + k) * tile + column + lanes, held[k][1]);
      }
    }
  }
}

template <int lanes>
INLINE void across(const void* arguments, long begin, long end) {
  const Across& work = *static_cast<const Across*>(arguments);
  const long ranks = (work.rank + 3) / 4 * 4, leftStride = work.left.columns;
  std::vector<float> sums(ranks * tile), left(depth * ranks), right(depth * tile);
  long firstTile = 0, offset = 0, written = 0;
  for (long adapter = 0; adapter < work.adapters; adapter++) {
    const long width = work.widths ? work.widths[adapter] : work.right.columns;
    const long tiles = (width + tile - 1) / tile;
    for (long index = std::max(begin, firstTile); index < std::min(end, firstTile + tiles); index++) {
      const long column = (index - firstTile) * tile, columns = std::min(tile, width - column);
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (long first = 0; first < work.right.rows; first += depth) {
        const long rows = std::min(depth, work.right.rows - first);
        const float* from = work.right.row(first) + offset + column;
        long stride = work.right.columns;
        for (long row = 0; row < rows; row++)
          for (long k = 0; k < ranks; k++)
            left[row * ranks + k] =
                k < work.rank ? work.left.values[(first + row) * leftStride + adapter * work.rank + k] : 0.0f;
        if (work.dropout.rate > 0 || columns % (2 * lanes) != 0) {
          for (long row = 0; row < rows; row++) {
            float* to = &right[row * tile];
            std::fill_n(to, tile, 0.0f);
            if (work.dropout.rate > 0) {
              const MaskKey key(work.rowKeys + 2 * (first + row), work.adapterKeys + 2 * adapter);
              dropped(from + row * stride, to, columns, column, key, work.dropout);
            } else {
              std::copy_n(from + row * stride, columns, to);
            }
          }
          from = right.data();
          stride = tile;
        }
        accumulate<lanes>(left.data(), ranks, from, stride, rows, ranks, columns, sums.data());
      }
      for (long k = 0; k < work.rank; k++)
        for (long j = 0; j < columns; j++) {
          const long place = work.turnedOut ? (column + j) * work.rank + k : k * width + column + j;
          work.out[written + place] = sums[k * tile + j];
        }
    }
    firstTile += tiles;
    written += work.rank * width;
    if (work.widths) offset += width;
  }
}

FOR_EACH_WIDTH(across)

long tilesOf(const Across& work) {
  long tiles = 0;
  for (long adapter = 0; adapter < work.adapters; adapter++)
    tiles += ((work.widths ? work.widths[adapter] : work.right.columns) + tile - 1) / tile;
  return tiles;
}

/** dA of each adapter, one below the other: dInner^T drop(x). */
void gradientOfA(Call& call) {
  const Matrix inner = call.matrix(0), x = call.matrix(1), adapterKeys = call.matrix(2), rowKeys = call.matrix(3);
  const long adapters = adapterKeys.rows;
  requireRowKeys(call, rowKeys, x.rows);
  Across work{inner, x, inner.columns / adapters, adapters, nullptr, reinterpret_cast<const int*>(adapterKeys.values),
              reinterpret_cast<const int*>(rowKeys.values), Dropout(call.settings.rate), false, nullptr};
  work.out = call.makeOutput(0, {inner.columns, x.columns});
  inParallel(tilesOf(work), 1, acrossHere, &work);
}

/** dB of each adapter, one below the other: dy^T inner. */
void gradientOfB(Call& call) {
  const Matrix dy = call.matrix(0), inner = call.matrix(1), widths = call.matrix(2);
  Across work{inner, dy, inner.columns / widths.columns, widths.columns, reinterpret_cast<const int*>(widths.values),
              nullptr, nullptr, Dropout(0), true, nullptr};
  work.out = call.makeOutput(0, {dy.columns, work.rank});
  inParallel(tilesOf(work), 1, acrossHere, &work);
}

}  // namespace

void registerLowRankGradient() {
  registerOperation("TercetGradientOfA",
                    {"in inner: float", "in x: float", "in adapter_keys: int32", "in row_keys: int32", "out a: float",
                     "set rate: float"},
                    compute<gradientOfA>);
  registerOperation("TercetGradientOfB", {"in dy: float", "in inner: float", "in widths: int32", "out b: float"},
                    compute<gradientOfB>);
}
