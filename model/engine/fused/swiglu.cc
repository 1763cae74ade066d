#include <cstring>

#include "operation.h"
#include "registers.h"

namespace {

// `both` holds the gate's columns and behind them those of up.
struct Swiglu {
  Matrix both, upstream;
  float* out;
  float* gated;
};

template <int floats>
INLINE void gate(const void* arguments, long begin, long end) {
  typedef Register<floats> Held;
  const Swiglu& work = *static_cast<const Swiglu*>(arguments);
  const long width = work.both.columns / 2;
  for (long row = begin; row < end; row++) {
    const float* gate = work.both.row(row);
    const float* up = gate + width;
    float* out = work.out + row * width;
    long column = 0;
    for (; column + floats <= width; column += floats) {
      const auto g = Held::load(gate + column);
      Held::store(out + column, g * sigmoid(g) * Held::load(up + column));
    }
    if (column == width) continue;
    float rest[floats] = {};
    std::memcpy(rest, gate + column, (width - column) * sizeof(float));
    const auto silu = Held::load(rest) * sigmoid(Held::load(rest));
    for (long lane = 0; column + lane < width; lane++) out[column + lane] = silu[lane] * up[column + lane];
  }
}

FOR_EACH_WIDTH(gate)

// d silu / d gate = open + silu (1 - open), with open = sigmoid(gate). Also gives silu(gate) up, which the adapter of the
// projection behind asks for.
template <int floats>
INLINE void gateBack(const void* arguments, long begin, long end) {
  typedef Register<floats> Held;
  const Swiglu& work = *static_cast<const Swiglu*>(arguments);
  const long width = work.both.columns / 2;
  for (long row = begin; row < end; row++) {
    const float* gate = work.both.row(row);
    const float* up = gate + width;
    const float* upstream = work.upstream.row(row);
    float* dGate = work.out + row * 2 * width;
    float* dUp = dGate + width;
    float* gated = work.gated + row * width;
    long column = 0;
    for (; column + floats <= width; column += floats) {
      const auto g = Held::load(gate + column), u = Held::load(up + column), dy = Held::load(upstream + column);
      const auto open = sigmoid(g), silu = g * open;
      Held::store(gated + column, silu * u);
      Held::store(dUp + column, dy * silu);
      Held::store(dGate + column, dy * u * (open + silu * (1.0f - open)));
    }
    if (column == width) continue;
    float rest[floats] = {};
    std::memcpy(rest, gate + column, (width - column) * sizeof(float));
    const auto open = sigmoid(Held::load(rest)), silu = Held::load(rest) * open;
    for (long lane = 0; column + lane < width; lane++) {
      const float dy = upstream[column + lane], u = up[column + lane];
      gated[column + lane] = silu[lane] * u;
      dUp[column + lane] = dy * silu[lane];
      dGate[column + lane] = dy * u * (open[lane] + silu[lane] * (1.0f - open[lane]));
    }
  }
}

FOR_EACH_WIDTH(gateBack)

void swiglu(Call& call) {
  Swiglu work{call.matrix(0), {}, nullptr, nullptr};
  work.out = call.makeOutput(0, {work.both.rows, work.both.columns / 2});
  inParallel(work.both.rows, 8, gateHere, &work);
}

void swigluGradient(Call& call) {
  Swiglu work{call.matrix(1), call.matrix(0), nullptr, nullptr};
  work.out = call.makeOutput(0, {work.both.rows, work.both.columns});
  work.gated = call.makeOutput(1, {work.both.rows, work.both.columns / 2});
  inParallel(work.both.rows, 8, gateBackHere, &work);
}

}  // namespace

void registerSwiglu() {
  registerOperation("TercetSwiglu", {"in both: float", "out y: float"}, compute<swiglu>);
  registerOperation("TercetSwigluGradient",
                    {"in upstream: float", "in both: float", "out d_both: float", "out gated: float"},
                    compute<swigluGradient>);
}
