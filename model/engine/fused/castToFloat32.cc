#include <cstring>

#include "operation.h"
#include "threads.h"
#include "vector.h"

namespace {

struct Casting {
  const uint16_t* from;
  float* to;
};

constexpr long block = 1 << 14;

FOR_EACH_PROCESSOR void castBfloat16(const void* arguments, long begin, long end) {
  const Casting& work = *static_cast<const Casting*>(arguments);
  for (long index = begin; index < end; index++) {
    const uint32_t bits = static_cast<uint32_t>(work.from[index]) << 16;
    std::memcpy(work.to + index, &bits, sizeof bits);
  }
}

typedef uint16_t Halves __attribute__((vector_size(2 * lanes), aligned(2), may_alias));

/** In whole numbers: what processors do with subnormal operands depends on a setting that TensorFlow changes. */
INLINE Vector fromHalves(Halves halves) {
  const IntVector bits = __builtin_convertvector(halves, IntVector), rest = bits & 0x7fff;
  const Vector subnormal = __builtin_convertvector(rest, Vector) * 0x1p-24f;
  const int rebias = (127 - 15) << 23;
  const IntVector normal = (rest << 13) + rebias, infinite = normal + rebias;  // or not a number
  const IntVector magnitude =
      rest < 0x400 ? reinterpret_cast<const IntVector&>(subnormal) : rest < 0x7c00 ? normal : infinite;
  const IntVector wide = magnitude | (bits & 0x8000) << 16;
  return reinterpret_cast<const Vector&>(wide);
}

FOR_EACH_PROCESSOR void castHalf(const void* arguments, long begin, long end) {
  const Casting& work = *static_cast<const Casting*>(arguments);
  long index = begin;
  for (; index + lanes <= end; index += lanes)
    store(work.to + index, fromHalves(*reinterpret_cast<const Halves*>(work.from + index)));
  if (index == end) return;
  Halves halves = {};
  std::memcpy(&halves, work.from + index, (end - index) * sizeof(uint16_t));
  const Vector rest = fromHalves(halves);
  std::memcpy(work.to + index, &rest, (end - index) * sizeof(float));
}

/** Stack bfloat16 or half matrices of as many columns on top of each other, as float32. */
void castToFloat32(Call& call) {
  const int count = call.inputs();
  const void* bytes[16];
  long rows[16], columns = 0, allRows = 0;
  TF_DataType type = TF_BFLOAT16;
  for (int index = 0; index < count; index++) {
    bytes[index] = call.bytes(index, rows[index], columns, type);
    allRows += rows[index];
  }
  const Part part = type == TF_HALF ? castHalf : castBfloat16;
  float* out = call.makeOutput(0, {allRows, columns});
  for (int index = 0; index < count; index++) {
    Casting work{static_cast<const uint16_t*>(bytes[index]), out};
    inParallel(rows[index] * columns, block, part, &work);
    out += rows[index] * columns;
  }
}

}  // namespace

void registerCastToFloat32() {
  registerOperation(
      "TercetCastToFloat32",
      {"in matrices: count * T", "out wide: float", "set count: int >= 1", "set T: {bfloat16, half} = DT_BFLOAT16"},
      compute<castToFloat32>);
}
