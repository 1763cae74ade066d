// The thin products of low-rank adapters. Projections that share an input or lie side by side in an output are handled at
// once: A [adapters * rank, in] and B [sum of outs, rank] hold their matrices one below the other.
#include <algorithm>
#include <vector>

#include "dropout.h"
#include "operation.h"
#include "threads.h"
#include "vector.h"

namespace {

constexpr long rowBlock = 4;

/** out[i * stride + k] = scale * dot(x[i], a[k]) for four rows of x and up to four of a. */
INLINE void dots(const float* const x[rowBlock], const float* const a[4], long columns, float scale, float* out,
                 long stride, long rows, long ranks) {
  Vector sums[rowBlock][4];
  for (auto& row : sums)
    for (Vector& sum : row) sum = all(0);
  long column = 0;
  for (; column + lanes <= columns; column += lanes) {
    const Vector a0 = load(a[0] + column), a1 = load(a[1] + column), a2 = load(a[2] + column), a3 = load(a[3] + column);
    for (long row = 0; row < rowBlock; row++) {
      const Vector value = load(x[row] + column);
      sums[row][0] += value * a0;
      sums[row][1] += value * a1;
      sums[row][2] += value * a2;
      sums[row][3] += value * a3;
    }
  }
  for (long row = 0; row < rows; row++) {
    for (long rank = 0; rank < ranks; rank++) {
      float sum = sumOf(sums[row][rank]);
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
  const int* seeds;  // two of each adapter
  Dropout dropout;
  float scale;
  float* out;
};

FOR_EACH_PROCESSOR void inward(const void* arguments, long begin, long end) {
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
        const long place = std::min(first + row, work.x.rows - 1) * work.x.columns;
        dropped(x[row], &kept[row * work.x.columns], width, static_cast<uint32_t>(place), work.seeds + 2 * adapter, work.dropout);
        x[row] = &kept[row * work.x.columns];
      }
      for (long rank = 0; rank < work.rank; rank += 4) {
        const float* rowsOfA[4];
        for (long k = 0; k < 4; k++) rowsOfA[k] = a + std::min(rank + k, work.rank - 1) * width;
        dots(x, rowsOfA, width, work.scale, work.out + first * stride + adapter * work.rank + rank, stride, rows,
             std::min(4L, work.rank - rank));
      }
      a += work.rank * width;
      if (work.widths) offset += width;
    }
  }
}

/** B of each adapter turned to [rank, out], one after the other. */
std::vector<float> turned(const Matrix& b, const int* widths, long adapters) {
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

struct Outward {
  float* y;  // [rows, columns], added to where it lies
  long rows, columns;
  const float* inner;
  const float* thin;  // of each adapter [rank, width]
  long rank, adapters;
  const int* widths;  // of each adapter's part of y; null when all add to the whole of it
  const int* seeds;  // two of each adapter
  Dropout dropout;
  Matrix bias, residual;  // either may be empty
};

FOR_EACH_PROCESSOR void outward(const void* arguments, long begin, long end) {
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
    const float* thin = work.thin;
    long offset = 0;
    for (long adapter = 0; adapter < work.adapters; adapter++) {
      const long width = work.widths ? work.widths[adapter] : work.columns;
      const float* inner = work.inner + first * stride + adapter * work.rank;
      if (masked) {
        for (long row = 0; row < rows; row++) {
          std::fill_n(kept.begin(), width, 0.0f);
          for (long rank = 0; rank < work.rank; rank++) {
            const float factor = inner[row * stride + rank];
            for (long column = 0; column < width; column++) kept[column] += factor * thin[rank * width + column];
          }
          float* y = work.y + (first + row) * work.columns + offset;
          const uint32_t place = static_cast<uint32_t>((first + row) * work.columns);
          for (long column = 0; column < width; column++)
            y[column] += drops(place + static_cast<uint32_t>(column), work.seeds + 2 * adapter, work.dropout.limit)
                             ? 0.0f
                             : kept[column] * work.dropout.kept;
        }
      } else {
        float* y = work.y + first * work.columns + offset;
        long column = 0;
        for (; rows == rowBlock && column + 2 * lanes <= width; column += 2 * lanes) {
          Vector sums[rowBlock][2];
          for (long row = 0; row < rowBlock; row++) {
            sums[row][0] = load(y + row * work.columns + column);
            sums[row][1] = load(y + row * work.columns + column + lanes);
          }
          for (long rank = 0; rank < work.rank; rank++) {
            const Vector left = load(thin + rank * width + column), right = load(thin + rank * width + column + lanes);
            for (long row = 0; row < rowBlock; row++) {
              const float factor = inner[row * stride + rank];
              sums[row][0] += factor * left;
              sums[row][1] += factor * right;
            }
          }
          for (long row = 0; row < rowBlock; row++) {
            store(y + row * work.columns + column, sums[row][0]);
            store(y + row * work.columns + column + lanes, sums[row][1]);
          }
        }
        for (long row = 0; row < rows; row++)
          for (long rest = column; rest < width; rest++)
            for (long rank = 0; rank < work.rank; rank++)
              y[row * work.columns + rest] += inner[row * stride + rank] * thin[rank * width + rest];
      }
      thin += work.rank * width;
      if (work.widths) offset += width;
    }
  }
}

constexpr long tile = 256, depth = 32;

// out[k, j] = sum over rows of left[row, k] * right[row, j], for a tile of columns j at a time.
struct Across {
  Matrix left, right;
  long rank, adapters;
  const int* widths;  // of each adapter's part of right; null when all read the whole of it
  const int* seeds;  // two of each adapter
  Dropout dropout;
  bool turnedOut;  // write [j, k] in place of [k, j]
  float* out;
};

/** sums[k * tile + j] += left[row, k] * right[row, j] over some rows, four k and two vectors of j at a time. */
INLINE void accumulate(const float* left, long leftStride, const float* right, long rightStride, long rows, long ranks,
                       long columns, float* sums) {
  for (long rank = 0; rank < ranks; rank += 4) {
    for (long column = 0; column < columns; column += 2 * lanes) {
      Vector held[4][2];
      for (long k = 0; k < 4; k++) {
        held[k][0] = load(sums + (rank + k) * tile + column);
        held[k][1] = load(sums + (rank + k) * tile + column + lanes);
      }
      for (long row = 0; row < rows; row++) {
        const Vector a = load(right + row * rightStride + column), b = load(right + row * rightStride + column + lanes);
        for (long k = 0; k < 4; k++) {
          const float factor = left[row * leftStride + rank + k];
          held[k][0] += factor * a;
          held[k][1] += factor * b;
        }
      }
      for (long k = 0; k < 4; k++) {
        store(sums + (rank + k) * tile + column, held[k][0]);
        store(sums + (rank + k) * tile + column + lanes, held[k][1]);
      }
    }
  }
}

FOR_EACH_PROCESSOR void across(const void* arguments, long begin, long end) {
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
            const uint32_t place = static_cast<uint32_t>((first + row) * work.right.columns + column);
            if (work.dropout.rate > 0)
              dropped(from + row * stride, to, columns, place, work.seeds + 2 * adapter, work.dropout);
            else
              std::copy_n(from + row * stride, columns, to);
          }
          from = right.data();
          stride = tile;
        }
        accumulate(left.data(), ranks, from, stride, rows, ranks, columns, sums.data());
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

long tilesOf(const Across& work) {
  long tiles = 0;
  for (long adapter = 0; adapter < work.adapters; adapter++)
    tiles += ((work.widths ? work.widths[adapter] : work.right.columns) + tile - 1) / tile;
  return tiles;
}

/** scale * drop(x) A^T of each adapter, side by side. */
void lowRankIn(Call& call) {
  const Matrix x = call.matrix(0), a = call.matrix(1), seeds = call.matrix(2);
  const long adapters = seeds.rows;
  Inward work{x, a.values, a.rows / adapters, adapters, nullptr, reinterpret_cast<const int*>(seeds.values),
              Dropout(call.settings.rate), call.settings.scale, nullptr};
  work.out = call.makeOutput(0, {x.rows, a.rows});
  inParallel((x.rows + rowBlock - 1) / rowBlock, 8, inward, &work);
}

/** What `lowRankIn` sends back to x, added to `into` where it lies: mask * (dInner A). */
void lowRankInGradient(Call& call) {
  const Matrix into = call.matrix(0), inner = call.matrix(1), a = call.matrix(2), seeds = call.matrix(3);
  const long adapters = seeds.rows;
  Outward work{const_cast<float*>(into.values), into.rows, into.columns, inner.values, a.values, a.rows / adapters,
               adapters, nullptr, reinterpret_cast<const int*>(seeds.values), Dropout(call.settings.rate), {}, {}};
  call.makeOutput(0, {0});
  inParallel((into.rows + rowBlock - 1) / rowBlock, 8, outward, &work);
}

/** inner B^T of each adapter, the bias and the residual, added to y where it lies. */
void lowRankOut(Call& call) {
  const Matrix y = call.matrix(0), inner = call.matrix(1), b = call.matrix(2), widths = call.matrix(3);
  const int* widthOf = reinterpret_cast<const int*>(widths.values);
  const std::vector<float> thin = turned(b, widthOf, widths.columns);
  Outward work{const_cast<float*>(y.values), y.rows, y.columns, inner.values, thin.data(), b.columns, widths.columns,
               widthOf, nullptr, Dropout(0), call.matrix(4), call.matrix(5)};
  call.makeOutput(0, {0});
  inParallel((y.rows + rowBlock - 1) / rowBlock, 8, outward, &work);
}

/** dInner of `lowRankOut`: scale * dy B of each adapter, side by side. */
void lowRankOutGradient(Call& call) {
  const Matrix dy = call.matrix(0), b = call.matrix(1), widths = call.matrix(2);
  const int* widthOf = reinterpret_cast<const int*>(widths.values);
  const std::vector<float> thin = turned(b, widthOf, widths.columns);
  Inward work{dy, thin.data(), b.columns, widths.columns, widthOf, nullptr, Dropout(0), call.settings.scale, nullptr};
  work.out = call.makeOutput(0, {dy.rows, b.columns * widths.columns});
  inParallel((dy.rows + rowBlock - 1) / rowBlock, 8, inward, &work);
}

/** dA of each adapter, one below the other: dInner^T drop(x). */
void gradientOfA(Call& call) {
  const Matrix inner = call.matrix(0), x = call.matrix(1), seeds = call.matrix(2);
  const long adapters = seeds.rows;
  Across work{inner, x, inner.columns / adapters, adapters, nullptr, reinterpret_cast<const int*>(seeds.values),
              Dropout(call.settings.rate), false, nullptr};
  work.out = call.makeOutput(0, {inner.columns, x.columns});
  inParallel(tilesOf(work), 1, across, &work);
}

/** dB of each adapter, one below the other: dy^T inner. */
void gradientOfB(Call& call) {
  const Matrix dy = call.matrix(0), inner = call.matrix(1), widths = call.matrix(2);
  Across work{inner, dy, inner.columns / widths.columns, widths.columns, reinterpret_cast<const int*>(widths.values),
              nullptr, Dropout(0), true, nullptr};
  work.out = call.makeOutput(0, {dy.columns, work.rank});
  inParallel(tilesOf(work), 1, across, &work);
}

}  // namespace

void registerLowRank() {
  registerOperation("TercetLowRankIn",
                    {"in x: float", "in a: float", "in seeds: int32", "out inner: float", "set scale: float",
                     "set rate: float"},
                    compute<lowRankIn>);
  registerOperation("TercetLowRankInGradient",
                    {"in into: float", "in inner: float", "in a: float", "in seeds: int32", "out nothing: float",
                     "set rate: float"},
                    compute<lowRankInGradient>);
  registerOperation("TercetLowRankOut",
                    {"in y: float", "in inner: float", "in b: float", "in widths: int32", "in bias: float",
                     "in residual: float", "out nothing: float"},
                    compute<lowRankOut>);
  registerOperation("TercetLowRankOutGradient",
                    {"in dy: float", "in b: float", "in widths: int32", "out inner: float", "set scale: float"},
                    compute<lowRankOutGradient>);
  registerOperation("TercetGradientOfA",
                    {"in inner: float", "in x: float", "in seeds: int32", "out a: float", "set rate: float"},
                    compute<gradientOfA>);
  registerOperation("TercetGradientOfB", {"in dy: float", "in inner: float", "in widths: int32", "out b: float"},
                    compute<gradientOfB>);
}
