// A Node add-on that writes to standard error as native libraries do: a line when asked, past every stream of C and
// through one, and once started, a line every five milliseconds from a thread of its own. crash() ends as a failed check.
#include <node_api.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

static napi_value Say(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  char text[200];
  size_t length = 0;
  napi_get_value_string_utf8(env, argument, text, sizeof text, &length);
  std::string line = "E0000 00:00:00.000000 1 noise.cc:1] " + std::string(text, length) + "\n";
  (void)!write(STDERR_FILENO, line.data(), line.size());
  fprintf(stderr, "%s", line.c_str());
  return nullptr;
}

static napi_value Start(napi_env, napi_callback_info) {
  std::thread([] {
    for (;;) {
      fprintf(stderr, "W0000 00:00:00.000000 2 noise.cc:2] a thread speaks\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }).detach();
  return nullptr;
}

static napi_value Crash(napi_env, napi_callback_info) {
  fprintf(stderr, "F0000 00:00:00.000000 1 noise.cc:3] Check failed: 1 == 2\n");
  abort();
}

static napi_value Fault(napi_env, napi_callback_info) {
  fprintf(stderr, "E0000 00:00:00.000000 1 noise.cc:4] the address is bad\n");
  *(volatile int*)8 = 1;
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_property_descriptor functions[] = {
      {"say", nullptr, Say, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"start", nullptr, Start, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"crash", nullptr, Crash, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"fault", nullptr, Fault, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 4, functions);
  return exports;
}
