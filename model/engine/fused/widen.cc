#include <cstring>

#include "operation.h"
#include "threads.h"
#include "vector.h"

namespace {

struct Widening {
  const uint16_t* from;
  float* to;
};

constexpr long block = 1 << 14;

FOR_EACH_PROCESSOR void widenPart(const void* arguments, long begin, long end) {
  const Widening& work = *static_cast<const Widening*>(arguments);
  for (long index = begin; index < end; index++) {
    const uint32_t bits = static_cast<uint32_t>(work.from[index]) << 16;
    std::memcpy(work.to + index, &bits, sizeof bits);
  }
}

/** Stack bfloat16 matrices of as many columns on top of each other, as float32. */
void widen(Call& call) {
  const int count = call.inputs();
  const void* bytes[16];
  long rows[16], columns = 0, allRows = 0;
  for (int index = 0; index < count; index++) {
    bytes[index] = call.bytes(index, rows[index], columns);
    allRows += rows[index];
  }
  float* out = call.makeOutput(0, {allRows, columns});
  for (int index = 0; index < count; index++) {
    Widening work{static_cast<const uint16_t*>(bytes[index]), out};
    inParallel(rows[index] * columns, block, widenPart, &work);
    out += rows[index] * columns;
  }
}

}  // namespace

void registerWiden() {
  registerOperation("TercetWiden", {"in matrices: count * bfloat16", "out wide: float", "set count: int >= 1"},
                    compute<widen>);
}
