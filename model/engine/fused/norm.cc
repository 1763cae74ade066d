#include <cmath>

#include "operation.h"
#include "registers.h"

namespace {

struct Norm {
  Matrix x, gain, upstream, residual;
  float epsilon;
  float* out;
};

template <int floats>
INLINE float inverseRms(const float* x, long columns, float epsilon) {
  typedef Register<floats> Held;
  typename Held::Floats sum = {};
  long column = 0;
  for (; column + floats <= columns; column += floats) sum += Held::load(x + column) * Held::load(x + column);
  float squares = sumOfRegister<floats>(sum);
  for (; column < columns; column++) squares += x[column] * x[column];
  return 1.0f / std::sqrt(squares / columns + epsilon);
}

template <int floats>
INLINE void normalise(const void* arguments, long begin, long end) {
  const Norm& work = *static_cast<const Norm*>(arguments);
  const long columns = work.x.columns;
  const float* gain = work.gain.values;
  for (long row = begin; row < end; row++) {
    const float* x = work.x.row(row);
    float* out = work.out + row * columns;
    const float inverse = inverseRms<floats>(x, columns, work.epsilon);
    for (long column = 0; column < columns; column++) out[column] = x[column] * inverse * gain[column];
  }
}

FOR_EACH_WIDTH(normalise)

// With y = x / rms(x) and g = upstream * gain: dx = (g - y mean(g y)) / rms(x), added to the gradient of the residual path.
template <int floats>
INLINE void normaliseBack(const void* arguments, long begin, long end) {
  typedef Register<floats> Held;
  const Norm& work = *static_cast<const Norm*>(arguments);
  const long columns = work.x.columns;
  const float* gain = work.gain.values;
  for (long row = begin; row < end; row++) {
    const float* x = work.x.row(row);
    const float* upstream = work.upstream.row(row);
    const float* residual = work.residual.row(row);
    float* out = work.out + row * columns;
    const float inverse = inverseRms<floats>(x, columns, work.epsilon);
    typename Held::Floats sum = {};
    long column = 0;
    for (; column + floats <= columns; column += floats)
      sum += Held::load(upstream + column) * Held::load(gain + column) * Held::load(x + column);
    float product = sumOfRegister<floats>(sum);
    for (; column < columns; column++) product += upstream[column] * gain[column] * x[column];
    const float pull = product * inverse * inverse / columns;
    for (column = 0; column < columns; column++)
      out[column] = residual[column] + inverse * (upstream[column] * gain[column] - x[column] * pull);
  }
}

FOR_EACH_WIDTH(normaliseBack)

void norm(Call& call) {
  Norm work{call.matrix(0), call.matrix(1), {}, {}, call.settings.epsilon, nullptr};
  work.out = call.makeOutput(0, {work.x.rows, work.x.columns});
  inParallel(work.x.rows, 32, normaliseHere, &work);
}

void normGradient(Call& call) {
  Norm work{call.matrix(1), call.matrix(2), call.matrix(0), call.matrix(3), call.settings.epsilon, nullptr};
  work.out = call.makeOutput(0, {work.x.rows, work.x.columns});
  inParallel(work.x.rows, 32, normaliseBackHere, &work);
}

}  // namespace

void registerNorm() {
  registerOperation("TercetNorm", {"in x: float", "in gain: float", "out y: float", "set epsilon: float"},
                    compute<norm>);
  registerOperation("TercetNormGradient",
                    {"in upstream: float", "in x: float", "in gain: float", "in residual: float", "out dx: float",
                     "set epsilon: float"},
                    compute<normGradient>);
}
