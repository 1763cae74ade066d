#include <limits>
#include <vector>

#include "operation.h"
#include "threads.h"
#include "vector.h"

namespace {

struct Choosing {
  const float* scores;
  long columns, depth;
  int first;
  float* kept;
  int* rows;
  int* sizes;
  int* damaged;
};

/** The best rows of one query as a heap, the worst of them on top: the lowest score, of equal ones the highest row. */
struct Heap {
  float* scores;
  int* rows;
  int size;

  bool isBetter(float score, int row, int place) const {
    return score > scores[place] || (score == scores[place] && row < rows[place]);
  }
  void put(int place, float score, int row) {
    scores[place] = score;
    rows[place] = row;
  }
  void rise(float score, int row) {
    int place = size++;
    while (place > 0) {
      const int parent = (place - 1) >> 1;
      if (isBetter(score, row, parent)) break;
      put(place, scores[parent], rows[parent]);
      place = parent;
    }
    put(place, score, row);
  }
  void sink(float score, int row) {
    int place = 0;
    for (int child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && isBetter(scores[child], rows[child], child + 1)) child++;
      if (!isBetter(score, row, child)) break;
      put(place, scores[child], rows[child]);
      place = child;
    }
    put(place, score, row);
  }
};

/** Whether none of 64 scores can enter; one that is not a number is not below anything. */
INLINE bool areBelow(const float* scores, float threshold) {
  const Vector wall = all(threshold);
  IntVector below = load(scores) < wall;
  for (int part = 1; part < 4; part++) below &= load(scores + part * lanes) < wall;
  int every = -1;
  for (int lane = 0; lane < lanes; lane++) every &= below[lane];
  return every != 0;
}

FOR_EACH_PROCESSOR void chooseRows(const void* arguments, long begin, long end) {
  const Choosing& work = *static_cast<const Choosing*>(arguments);
  for (long query = begin; query < end; query++) {
    const float* scores = work.scores + query * work.columns;
    Heap heap{work.kept + query * work.depth, work.rows + query * work.depth, work.sizes[query]};
    const auto threshold = [&] {
      return heap.size < work.depth ? -std::numeric_limits<float>::infinity() : heap.scores[0];
    };
    for (long column = 0; column < work.columns;) {
      const bool isWhole = column + 4 * lanes <= work.columns;
      const long next = isWhole ? column + 4 * lanes : work.columns;
      if (!isWhole || !areBelow(scores + column, threshold()))
        for (long at = column; at < next && work.damaged[query] < 0; at++) {
          const float score = scores[at];
          const int row = work.first + static_cast<int>(at);
          if (score != score)
            work.damaged[query] = static_cast<int>(at);
          else if (heap.size < work.depth)
            heap.rise(score, row);
          else if (heap.isBetter(score, row, 0))
            heap.sink(score, row);
        }
      column = next;
    }
    work.sizes[query] = heap.size;
  }
}

/**
 * Offer the scores of rows `first`, `first` + 1, ... to the best rows of each query, which change in place. Of equal
 * scores the lower row is the better one. Gives query and column of a score that is not a number, -1 where there is none.
 */
void keepTopRows(Call& call) {
  const Matrix kept = call.matrix(0), scores = call.matrix(3);
  Choosing work{scores.values, scores.columns, kept.columns};
  work.kept = const_cast<float*>(kept.values);
  work.rows = const_cast<int*>(call.integers(1));
  work.sizes = const_cast<int*>(call.integers(2));
  work.first = *call.integers(4);
  std::vector<int> damaged(scores.rows, -1);
  work.damaged = damaged.data();
  inParallel(scores.rows, 4, chooseRows, &work);
  float* out = call.makeOutput(0, {2});
  out[0] = out[1] = -1;
  for (long query = scores.rows - 1; query >= 0; query--)
    if (damaged[query] >= 0) {
      out[0] = static_cast<float>(query);
      out[1] = static_cast<float>(damaged[query]);
    }
}

}  // namespace

void registerTopRows() {
  registerOperation("TercetKeepTopRows",
                    {"in kept: float", "in rows: int32", "in sizes: int32", "in scores: float", "in first: int32",
                     "out damaged: float"},
                    compute<keepTopRows>);
}
