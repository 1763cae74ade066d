// A driver with one card for card.test.ts: memory can be asked only where a context is current, as on a real one.
#include <cstddef>
#include <cstring>

static int retained, current;

extern "C" {
int cuInit(unsigned) { return 0; }
int cuDeviceGet(int* device, int ordinal) { return *device = 7, ordinal; }
int cuDeviceGetName(char* name, int bytes, int) { return std::strncpy(name, "NVIDIA Example", bytes), 0; }
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  if (device != 7) return 101;
  return *value = attribute == 75 ? 9 : 0, 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) { return *context = &current, ++retained, 0; }
int cuDevicePrimaryCtxRelease_v2(int) { return --retained, 0; }
int cuCtxPushCurrent_v2(void*) { return current = 1, 0; }
int cuCtxPopCurrent_v2(void**) { return current = 0; }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
  if (!current || retained != 1) return 201;
  return *free = 79'000'000'000, *total = 85'000'000'000, 0;
}
}
