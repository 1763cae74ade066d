// Compiled into the binding beside the sources of the unmodified package, whose calls of three functions of others lead
// here (the linker's --wrap): TensorFlow's context, which the package makes and keeps to itself, is known here, and
// where this process is one of several ranks it joins them while the context is made. The package then reads names of
// devices that are already those of the ranks. Alone, nothing differs but the functions that ask for it.
#include <node_api.h>
#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

// Of tensorflow/c/c_api_experimental.h and tensorflow/c/eager/c_api_experimental.h of TensorFlow 2.21.
extern "C" {
void TFE_ContextOptionsSetConfig(TFE_ContextOptions*, const void* config, size_t bytes, TF_Status*);
void TFE_EnableCollectiveOps(TFE_Context*, const void* server, size_t bytes, TF_Status*);
void TFE_ReportErrorToCluster(TFE_Context*, int code, const char* message, TF_Status*);
void TFE_InsertConfigKeyValue(TFE_Context*, const char* key, const char* value, TF_Status*);
void TFE_GetConfigKeyValue(TFE_Context*, const char* key, int64_t timeout_ms, TF_Buffer* value, TF_Status*);

TFE_Context* __real_TFE_NewContext(const TFE_ContextOptions*, TF_Status*);
int __real_TF_DeviceListCount(const TF_DeviceList*);
napi_status __real_napi_define_properties(napi_env, napi_value, size_t, const napi_property_descriptor*);
}

// Of card.cc.
void askCard();
napi_value CardFacts(napi_env, napi_callback_info);

// Of signals.cc.
void keepSignalsAway();

namespace {

TFE_Context* context;
/** Why the ranks could not be joined, in TensorFlow's words; empty where they were, or there are none. */
std::string trouble;

class Status {
 public:
  ~Status() { TF_DeleteStatus(status_); }
  operator TF_Status*() { return status_; }
  TF_Code code() { return TF_GetCode(status_); }
  const char* message() { return TF_Message(status_); }

 private:
  TF_Status* status_ = TF_NewStatus();
};

/** Bytes that the environment holds in hexadecimal. */
std::string bytesOf(const char* name) {
  const char* digits = std::getenv(name);
  std::string bytes;
  for (; digits && digits[0] && digits[1]; digits += 2)
    bytes += static_cast<char>(std::strtol(std::string(digits, 2).c_str(), nullptr, 16));
  return bytes;
}

/** TensorFlow takes SIGTERM for a notice of preemption, after which nothing would end the process: it is given back. */
void join(const std::string& server) {
  struct sigaction terminate;
  sigaction(SIGTERM, nullptr, &terminate);
  Status status;
  TFE_EnableCollectiveOps(context, server.data(), server.size(), status);
  sigaction(SIGTERM, &terminate, nullptr);
  if (status.code() != TF_OK) trouble = status.message();
}

// What JavaScript may call.

std::string textOf(napi_env env, napi_value value) {
  size_t bytes = 0;
  napi_get_value_string_utf8(env, value, nullptr, 0, &bytes);
  std::string text(bytes, '\0');
  napi_get_value_string_utf8(env, value, &text[0], bytes + 1, &bytes);
  return text;
}

napi_value asText(napi_env env, const char* text, size_t bytes) {
  napi_value value;
  napi_create_string_utf8(env, text, bytes, &value);
  return value;
}

napi_value fail(napi_env env, Status& status) {
  napi_throw_error(env, std::to_string(status.code()).c_str(), status.message());
  return nullptr;
}

napi_value JoinTrouble(napi_env env, napi_callback_info) { return asText(env, trouble.data(), trouble.size()); }

/** Let every other rank fail with this message, also in the middle of an exchange. */
napi_value ReportError(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value message;
  napi_get_cb_info(env, info, &count, &message, nullptr, nullptr);
  Status status;
  TFE_ReportErrorToCluster(context, TF_ABORTED, textOf(env, message).c_str(), status);
  return status.code() == TF_OK ? nullptr : fail(env, status);
}

/** (key, value): what every rank can read from now on. A key is written once. */
napi_value Publish(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  Status status;
  TFE_InsertConfigKeyValue(context, textOf(env, arguments[0]).c_str(), textOf(env, arguments[1]).c_str(), status);
  return status.code() == TF_OK ? nullptr : fail(env, status);
}

/** (key, milliseconds): the value, waited for so long; undefined where it is not there by then. */
napi_value Published(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  int64_t milliseconds = 0;
  napi_get_value_int64(env, arguments[1], &milliseconds);
  Status status;
  TF_Buffer* buffer = TF_NewBuffer();
  TFE_GetConfigKeyValue(context, textOf(env, arguments[0]).c_str(), milliseconds, buffer, status);
  napi_value value = nullptr;
  if (status.code() == TF_OK)
    value = asText(env, static_cast<const char*>(buffer->data), buffer->length);
  else if (status.code() != TF_DEADLINE_EXCEEDED)
    fail(env, status);
  TF_DeleteBuffer(buffer);
  return value;
}

/** (bytes of a FunctionDef): an operation of that name can be called from now on. */
napi_value AddFunction(napi_env env, napi_callback_info info) {
  size_t count = 1, bytes = 0;
  napi_value definition;
  napi_get_cb_info(env, info, &count, &definition, nullptr, nullptr);
  void* data = nullptr;
  if (napi_get_buffer_info(env, definition, &data, &bytes) != napi_ok)
    return napi_throw_error(env, nullptr, "addFunction takes a Buffer"), nullptr;
  Status status;
  TFE_ContextAddFunctionDef(context, static_cast<const char*>(data), bytes, status);
  return status.code() == TF_OK ? nullptr : fail(env, status);
}

}  // namespace

extern "C" TFE_Context* __wrap_TFE_NewContext(const TFE_ContextOptions* options, TF_Status* status) {
  keepSignalsAway();
  askCard();
  const std::string server = bytesOf("TERCET_SERVER_DEF"), config = bytesOf("TERCET_CONFIG_PROTO");
  if (!server.empty()) {
    TFE_ContextOptionsSetConfig(const_cast<TFE_ContextOptions*>(options), config.data(), config.size(), status);
    if (TF_GetCode(status) != TF_OK) return nullptr;
  }
  context = __real_TFE_NewContext(options, status);
  // The package goes on with a context that could not be had, and forgets why: what fails here is told by JoinTrouble.
  if (TF_GetCode(status) == TF_OK && !server.empty()) join(server);
  return context;
}

/** Devices of this process, which stand first: the package would take the last card that is listed, another rank's. */
extern "C" int __wrap_TF_DeviceListCount(const TF_DeviceList* list) {
  const int all = __real_TF_DeviceListCount(list);
  if (all == 0) return 0;
  Status status;
  const std::string first = TF_DeviceListName(list, 0, status);
  const std::string own = first.substr(0, first.find("/device:") + 1);
  int count = 1;
  while (count < all && std::strncmp(TF_DeviceListName(list, count, status), own.c_str(), own.size()) == 0) count++;
  return count;
}

/** The first properties that the package defines are those of what it exports: these functions join them. */
extern "C" napi_status __wrap_napi_define_properties(napi_env env, napi_value object, size_t count,
                                                     const napi_property_descriptor* properties) {
  static bool isDone = false;
  if (!isDone) {
    isDone = true;
    const napi_property_descriptor own[] = {
        {"joinTrouble", nullptr, JoinTrouble, nullptr, nullptr, nullptr, napi_default, nullptr},
        {"reportError", nullptr, ReportError, nullptr, nullptr, nullptr, napi_default, nullptr},
        {"publish", nullptr, Publish, nullptr, nullptr, nullptr, napi_default, nullptr},
        {"published", nullptr, Published, nullptr, nullptr, nullptr, napi_default, nullptr},
        {"addFunction", nullptr, AddFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
        {"card", nullptr, CardFacts, nullptr, nullptr, nullptr, napi_default, nullptr},
    };
    const napi_status status = __real_napi_define_properties(env, object, std::size(own), own);
    if (status != napi_ok) return status;
  }
  return __real_napi_define_properties(env, object, count, properties);
}
