// What the NVIDIA driver says of the card that this process computes on, the first that CUDA_VISIBLE_DEVICES names. It is
// asked before TensorFlow starts, whose allocator may take all that is free. The driver's library is opened by its name:
// nothing is linked, and a machine without a card has none.
#include <dlfcn.h>
#include <node_api.h>

#include <cstddef>
#include <string>

namespace {

// Of cuda.h: its functions return 0 where all went well.
using Result = int;
using Device = int;
using Context = void*;
constexpr int computeCapabilityMajor = 75, computeCapabilityMinor = 76;

struct Card {
  bool isKnown = false;
  std::string name;
  std::string computeCapability;
  size_t freeBytes = 0, totalBytes = 0;
};

Card card;

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Card ask(void* driver) {
  Card found;
  Result (*init)(unsigned);
  Result (*deviceGet)(Device*, int);
  Result (*deviceName)(char*, int, Device);
  Result (*attribute)(int*, int, Device);
  Result (*retain)(Context*, Device);
  Result (*release)(Device);
  Result (*push)(Context);
  Result (*pop)(Context*);
  Result (*memory)(size_t*, size_t*);
  if (!find(driver, "cuInit", init) || !find(driver, "cuDeviceGet", deviceGet) ||
      !find(driver, "cuDeviceGetName", deviceName) || !find(driver, "cuDeviceGetAttribute", attribute) ||
      !find(driver, "cuDevicePrimaryCtxRetain", retain) || !find(driver, "cuDevicePrimaryCtxRelease_v2", release) ||
      !find(driver, "cuCtxPushCurrent_v2", push) || !find(driver, "cuCtxPopCurrent_v2", pop) ||
      !find(driver, "cuMemGetInfo_v2", memory))
    return found;
  Device device;
  Context context;
  char name[256] = "";
  int major = 0, minor = 0;
  if (init(0) != 0 || deviceGet(&device, 0) != 0 || deviceName(name, sizeof(name), device) != 0 ||
      attribute(&major, computeCapabilityMajor, device) != 0 ||
      attribute(&minor, computeCapabilityMinor, device) != 0 || retain(&context, device) != 0)
    return found;
  if (push(context) == 0) {
    found.isKnown = memory(&found.freeBytes, &found.totalBytes) == 0;
    pop(&context);
  }
  release(device);
  found.name = name;
  found.computeCapability = std::to_string(major) + "." + std::to_string(minor);
  return found;
}

void set(napi_env env, napi_value object, const char* key, const std::string& text) {
  napi_value value;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  napi_set_named_property(env, object, key, value);
}

void set(napi_env env, napi_value object, const char* key, size_t bytes) {
  napi_value value;
  napi_create_double(env, static_cast<double>(bytes), &value);
  napi_set_named_property(env, object, key, value);
}

}  // namespace

/** To be called before TensorFlow takes any memory. */
void askCard() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver) card = ask(driver);
}

/** { name, computeCapability, freeBytes, totalBytes }, or undefined where no driver tells. */
napi_value CardFacts(napi_env env, napi_callback_info) {
  napi_value facts;
  if (!card.isKnown) {
    napi_get_undefined(env, &facts);
    return facts;
  }
  napi_create_object(env, &facts);
  set(env, facts, "name", card.name);
  set(env, facts, "computeCapability", card.computeCapability);
  set(env, facts, "freeBytes", card.freeBytes);
  set(env, facts, "totalBytes", card.totalBytes);
  return facts;
}
