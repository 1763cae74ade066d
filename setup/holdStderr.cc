// A Node add-on that catches what native code writes to standard error: hold() begins, release() ends and returns the
// text. TensorFlow 2.21 logs two lines while it is being loaded, before it reads any setting that would stop them.
#include <node_api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <string>

static int saved = -1;
static int caught = -1;

static napi_value Hold(napi_env env, napi_callback_info) {
  if (saved >= 0) return nullptr;
  caught = memfd_create("stderr", MFD_CLOEXEC);
  if (caught < 0) return nullptr;
  fflush(stderr);
  saved = dup(STDERR_FILENO);
  dup2(caught, STDERR_FILENO);
  return nullptr;
}

static napi_value Release(napi_env env, napi_callback_info) {
  std::string text;
  if (saved >= 0) {
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    saved = -1;
    text.resize(lseek(caught, 0, SEEK_END));
    ssize_t bytes = pread(caught, &text[0], text.size(), 0);
    text.resize(bytes < 0 ? 0 : bytes);
    close(caught);
  }
  napi_value result = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_property_descriptor functions[] = {
      {"hold", nullptr, Hold, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"release", nullptr, Release, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}
