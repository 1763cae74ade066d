// Grouped-query attention over texts that lie one behind the other without padding: a place sees those before it, or, where
// the texts are windows of an image, all of its own. A text's scores are made a few rows at a time and never stored whole;
// the gradient makes them again.
#include <algorithm>
#include <cstring>
#include <vector>

#include "operation.h"
#include "registers.h"

namespace {

constexpr long rowBlock = 4;

struct Attention {
  Matrix qkv;                // [places, (heads + 2 * keyHeads) * headDim]
  Matrix cosines, sines;     // [time, headDim / 2], or a row for each of the places
  const int* starts;         // of each text, and the end of the last one
  long heads, keyHeads, headDim, padded;
  bool causal;
  Matrix upstream;
  float* out;
};

/** How many places of a text of `time` the place `row` sees. */
INLINE long seenBy(const Attention& work, long row, long time) { return work.causal ? std::min(row + 1, time) : time; }

/** The row of the tables for a text's first place: all texts share them but where each place has its own. */
INLINE long firstTurn(const Attention& work, long start) { return work.cosines.rows == work.qkv.rows ? start : 0; }

/** Copy one head's rows out, turned by their places (by `sign`) and scaled; columns are padded with zeros. */
INLINE void takeHead(const Attention& work, long head, long start, long time, float scale, bool turn, float* to) {
  const long half = work.headDim / 2, turns = firstTurn(work, start);
  std::fill_n(to, time * work.padded, 0.0f);
  for (long place = 0; place < time; place++) {
    const float* from = work.qkv.row(start + place) + head * work.headDim;
    float* row = to + place * work.padded;
    if (!turn) {
      for (long column = 0; column < work.headDim; column++) row[column] = from[column];
      continue;
    }
    const float* cosine = work.cosines.row(turns + place);
    const float* sine = work.sines.row(turns + place);
    for (long pair = 0; pair < half; pair++) {
      row[pair] = scale * (from[pair] * cosine[pair] - from[half + pair] * sine[pair]);
      row[half + pair] = scale * (from[half + pair] * cosine[pair] + from[pair] * sine[pair]);
    }
  }
}

/** The opposite of `takeHead`: turn back and put among the columns of dqkv. */
INLINE void putHead(const Attention& work, long head, long start, long time, float scale, bool turn, const float* from) {
  const long half = work.headDim / 2, turns = firstTurn(work, start);
  for (long place = 0; place < time; place++) {
    const float* row = from + place * work.padded;
    float* to = work.out + (start + place) * work.qkv.columns + head * work.headDim;
    if (!turn) {
      for (long column = 0; column < work.headDim; column++) to[column] = row[column];
      continue;
    }
    const float* cosine = work.cosines.row(turns + place);
    const float* sine = work.sines.row(turns + place);
    for (long pair = 0; pair < half; pair++) {
      to[pair] = scale * (row[pair] * cosine[pair] + row[half + pair] * sine[pair]);
      to[half + pair] = scale * (row[half + pair] * cosine[pair] - row[pair] * sine[pair]);
    }
  }
}

/**
 * [time, padded] to [padded, time] in panels of a vector's columns, [wide / lanes, padded, lanes], zeros behind: a whole panel
 * stays in the nearest cache, where rows as wide as a text would fall on the same few of its lines.
 */
INLINE void turnOver(const float* from, long time, long padded, long wide, float* to) {
  for (long first = 0; first < wide; first += lanes)
    for (long column = 0; column < padded; column++, to += lanes)
      for (long lane = 0; lane < lanes; lane++)
        to[lane] = first + lane < time ? from[(first + lane) * padded + column] : 0;
}

/** The right factor of a product: rows, or the panels that `turnOver` makes. */
struct Factor {
  const float* values;
  long panel, row;  // floats to the next `lanes` columns, and to the next row
};

INLINE Factor inRows(const float* values, long padded) { return {values, lanes, padded}; }
INLINE Factor inPanels(const float* values, long padded) { return {values, padded * lanes, lanes}; }

/** out[i, j] = sum over t of left[i, t] * right[t, j], for four rows and the columns before `columns`, up to a whole vector. */
template <int floats>
INLINE void product(const float* left, long leftWidth, Factor right, long terms, long columns, float* out,
                    long outWidth) {
  typedef Register<floats> Held;
  constexpr long parts = lanes / floats;
  for (long column = 0; column < columns; column += lanes, right.values += right.panel) {
    typename Held::Floats sums[rowBlock][parts] = {};
    for (long term = 0; term < terms; term++)
      for (long part = 0; part < parts; part++) {
        const auto factor = Held::load(right.values + term * right.row + part * floats);
        for (long row = 0; row < rowBlock; row++) sums[row][part] += left[row * leftWidth + term] * factor;
      }
    for (long row = 0; row < rowBlock; row++)
      for (long part = 0; part < parts; part++)
        Held::store(out + row * outWidth + column + part * floats, sums[row][part]);
  }
}

/** Softmax of one row over its first `seen` columns; those behind, up to a whole vector, become zero. */
template <int floats>
INLINE void softmax(float* row, long seen) {
  typedef Register<floats> Held;
  const long wanted = roundUp(seen);
  for (long column = seen; column < wanted; column++) row[column] = -3e38f;
  auto most = Held::load(row);
  for (long column = floats; column < wanted; column += floats) {
    const auto value = Held::load(row + column);
    most = value > most ? value : most;
  }
  float peak = most[0];
  for (int lane = 1; lane < floats; lane++) peak = std::max(peak, most[lane]);
  typename Held::Floats sum = {};
  for (long column = 0; column < wanted; column += floats) {
    const auto value = exponential(Held::load(row + column) - peak);
    Held::store(row + column, value);
    sum += value;
  }
  float total = sumOfRegister<floats>(sum);
  for (long column = seen; column < wanted; column++) {
    total -= row[column];
    row[column] = 0;
  }
  const float inverse = 1 / total;
  for (long column = 0; column < wanted; column += floats) Held::store(row + column, Held::load(row + column) * inverse);
}

/** into[j] += sum over four rows i of shares[i, j] * rows[i]. */
template <int floats>
INLINE void spread(const float* shares, const float* rows, long padded, long wide, long seen, float* into) {
  typedef Register<floats> Held;
  for (long column = 0; column < padded; column += floats) {
    typename Held::Floats held[rowBlock];
    for (long row = 0; row < rowBlock; row++) held[row] = Held::load(rows + row * padded + column);
    for (long place = 0; place < seen; place++) {
      auto sum = Held::load(into + place * padded + column);
      for (long row = 0; row < rowBlock; row++) sum += shares[row * wide + place] * held[row];
      Held::store(into + place * padded + column, sum);
    }
  }
}

template <int floats>
INLINE void attend(const void* arguments, long begin, long end) {
  const Attention& work = *static_cast<const Attention*>(arguments);
  const long group = work.heads / work.keyHeads, padded = work.padded;
  std::vector<float> q, k, v, keys, shares, mixed(rowBlock * padded);
  const float scale = 1 / __builtin_sqrtf(work.headDim);
  for (long index = begin; index < end; index++) {
    const long text = index / work.keyHeads, keyHead = index % work.keyHeads;
    const long start = work.starts[text], time = work.starts[text + 1] - start;
    const long wide = roundUp(time), rows = (time + rowBlock - 1) / rowBlock * rowBlock;
    q.assign(rows * padded, 0), k.resize(time * padded), v.resize(time * padded);
    keys.resize(padded * wide), shares.assign(rowBlock * wide, 0);
    takeHead(work, work.heads + keyHead, start, time, 1, true, k.data());
    takeHead(work, work.heads + work.keyHeads + keyHead, start, time, 1, false, v.data());
    turnOver(k.data(), time, padded, wide, keys.data());
    for (long head = keyHead * group; head < (keyHead + 1) * group; head++) {
      takeHead(work, head, start, time, scale, true, q.data());
      for (long first = 0; first < time; first += rowBlock) {
        const long seen = seenBy(work, first + rowBlock - 1, time);
        product<floats>(&q[first * padded], padded, inPanels(keys.data(), padded), padded, seen, shares.data(), wide);
        for (long row = 0; row < rowBlock; row++) {
          const long own = seenBy(work, first + row, time);
          softmax<floats>(&shares[row * wide], own);
          for (long place = roundUp(own); place < roundUp(seen); place++) shares[row * wide + place] = 0;
        }
        product<floats>(shares.data(), wide, inRows(v.data(), padded), seen, padded, mixed.data(), padded);
        for (long row = 0; row < std::min(rowBlock, time - first); row++)
          std::memcpy(work.out + ((start + first + row) * work.heads + head) * work.headDim, &mixed[row * padded],
                      work.headDim * sizeof(float));
      }
    }
  }
}

FOR_EACH_WIDTH(attend)

// With P the shares and dP = upstream v^T: dS = P (dP - sum over j of P dP), dq = dS k, dk = dS^T q, dv = P^T upstream.
template <int floats>
INLINE void attendBack(const void* arguments, long begin, long end) {
  const Attention& work = *static_cast<const Attention*>(arguments);
  const long group = work.heads / work.keyHeads, padded = work.padded;
  std::vector<float> q, k, v, keys, values, shares, dShares, dQ, dK, dV, upstream;
  const float scale = 1 / __builtin_sqrtf(work.headDim);
  for (long index = begin; index < end; index++) {
    const long text = index / work.keyHeads, keyHead = index % work.keyHeads;
    const long start = work.starts[text], time = work.starts[text + 1] - start;
    const long wide = roundUp(time), rows = (time + rowBlock - 1) / rowBlock * rowBlock;
    q.assign(rows * padded, 0), k.resize(time * padded), v.resize(time * padded), dQ.resize(rows * padded);
    dK.assign(time * padded, 0), dV.assign(time * padded, 0), upstream.assign(rows * padded, 0);
    keys.resize(padded * wide), values.resize(padded * wide);
    shares.assign(rowBlock * wide, 0), dShares.assign(rowBlock * wide, 0);
    takeHead(work, work.heads + keyHead, start, time, 1, true, k.data());
    takeHead(work, work.heads + work.keyHeads + keyHead, start, time, 1, false, v.data());
    turnOver(k.data(), time, padded, wide, keys.data());
    turnOver(v.data(), time, padded, wide, values.data());
    for (long head = keyHead * group; head < (keyHead + 1) * group; head++) {
      takeHead(work, head, start, time, scale, true, q.data());
      for (long place = 0; place < time; place++)
        std::memcpy(&upstream[place * padded], work.upstream.row(start + place) + head * work.headDim,
                    work.headDim * sizeof(float));
      for (long first = 0; first < time; first += rowBlock) {
        const long seen = seenBy(work, first + rowBlock - 1, time), wanted = roundUp(seen);
        product<floats>(&q[first * padded], padded, inPanels(keys.data(), padded), padded, seen, shares.data(), wide);
        product<floats>(&upstream[first * padded], padded, inPanels(values.data(), padded), padded, seen,
                        dShares.data(), wide);
        for (long row = 0; row < rowBlock; row++) {
          float* share = &shares[row * wide];
          float* dShare = &dShares[row * wide];
          const long own = seenBy(work, first + row, time);
          softmax<floats>(share, own);
          for (long place = roundUp(own); place < wanted; place++) share[place] = 0;
          typedef Register<floats> Held;
          typename Held::Floats sum = {};
          for (long place = 0; place < wanted; place += floats)
            sum += Held::load(share + place) * Held::load(dShare + place);
          const float mean = sumOfRegister<floats>(sum);
          for (long place = 0; place < wanted; place += floats)
            Held::store(dShare + place, Held::load(share + place) * (Held::load(dShare + place) - mean));
          if (first + row >= time) std::fill_n(share, wanted, 0.0f), std::fill_n(dShare, wanted, 0.0f);
        }
        product<floats>(dShares.data(), wide, inRows(k.data(), padded), seen, padded, &dQ[first * padded], padded);
        spread<floats>(dShares.data(), &q[first * padded], padded, wide, seen, dK.data());
        spread<floats>(shares.data(), &upstream[first * padded], padded, wide, seen, dV.data());
      }
      putHead(work, head, start, time, scale, true, dQ.data());
    }
    putHead(work, work.heads + keyHead, start, time, 1, true, dK.data());
    putHead(work, work.heads + work.keyHeads + keyHead, start, time, 1, false, dV.data());
  }
}

FOR_EACH_WIDTH(attendBack)

Attention readCall(Call& call, int first) {
  const int heads = call.settings.heads, keyHeads = call.settings.keyHeads;
  Attention work{call.matrix(first), call.matrix(first + 1), call.matrix(first + 2), nullptr, heads, keyHeads, 0, 0,
                 call.settings.causal != 0, {}, nullptr};
  work.starts = call.integers(first + 3);
  work.headDim = work.qkv.columns / (heads + 2 * keyHeads);
  work.padded = roundUp(work.headDim);
  return work;
}

void attention(Call& call) {
  Attention work = readCall(call, 0);
  const long texts = call.matrix(3).columns - 1;
  work.out = call.makeOutput(0, {work.qkv.rows, work.heads * work.headDim});
  inParallel(texts * work.keyHeads, 1, attendHere, &work);
}

void attentionGradient(Call& call) {
  Attention work = readCall(call, 1);
  const long texts = call.matrix(4).columns - 1;
  work.upstream = call.matrix(0);
  work.out = call.makeOutput(0, {work.qkv.rows, work.qkv.columns});
  inParallel(texts * work.keyHeads, 1, attendBackHere, &work);
}

}  // namespace

void registerAttention() {
  registerOperation("TercetAttention",
                    {"in qkv: float", "in cosines: float", "in sines: float", "in starts: int32", "out mixed: float",
                     "set heads: int", "set key_heads: int", "set causal: int"},
                    compute<attention>);
  registerOperation("TercetAttentionGradient",
                    {"in upstream: float", "in qkv: float", "in cosines: float", "in sines: float", "in starts: int32",
                     "out d_qkv: float", "set heads: int", "set key_heads: int", "set causal: int"},
                    compute<attentionGradient>);
}
