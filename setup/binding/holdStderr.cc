// A Node add-on that takes standard error away from native code: hold() lets descriptor 2 lead into memory and returns a
// descriptor of where it led before; written() returns what has come since; letGo() leads it back and shows that.
// TensorFlow and the libraries in it log whenever they like, past every setting that would stop them.
//
// What is written just before a crash is why it crashed: the signals that end a process at once show it first.
#include <fcntl.h>
#include <node_api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

static int screen = -1;
static int caught = -1;

/** Of what is written, the first and the last so many bytes are kept: what was said at the start, and before the end. */
static const off_t kept_bytes = 1 << 16;

static struct sigaction previous[NSIG];

/** Only calls that a signal handler may make. */
static void Show() {
  char part[4096];
  off_t at = 0;
  for (ssize_t bytes; (bytes = pread(caught, part, sizeof part, at)) > 0; at += bytes)
    if (write(screen, part, bytes) < 0) return;
}

static void LeadBack() {
  dup2(screen, STDERR_FILENO);
  Show();
}

/** Node.js answers a fault in WebAssembly itself and goes on; else it leaves the signal to the system. */
static void OnCrash(int number, siginfo_t* info, void* context) {
  struct sigaction now = previous[number];
  if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction) {
    now.sa_sigaction(number, info, context);
    sigaction(number, nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_DFL) return;
  }
  LeadBack();
  now = {};
  now.sa_handler = SIG_DFL;
  sigaction(number, &now, nullptr);
  raise(number);
}

static void ShowBeforeCrashes() {
  for (int number : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP}) {
    struct sigaction action = {};
    action.sa_sigaction = OnCrash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(number, &action, &previous[number]);
  }
}

/** undefined where standard error is closed or there is no memory; descriptor 2 then stays as it is. */
static napi_value Hold(napi_env env, napi_callback_info) {
  fflush(stderr);
  screen = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  caught = memfd_create("stderr", MFD_CLOEXEC);
  if (screen < 0 || caught < 0) return nullptr;
  dup2(caught, STDERR_FILENO);
  ShowBeforeCrashes();
  napi_value result;
  napi_create_int32(env, screen, &result);
  return result;
}

static std::string Read(off_t from, off_t to) {
  std::string text(to - from, '\0');
  ssize_t bytes = pread(caught, &text[0], text.size(), from);
  text.resize(bytes < 0 ? 0 : bytes);
  return text;
}

static napi_value Written(napi_env env, napi_callback_info) {
  fflush(stderr);
  napi_value result;
  std::string text = Read(0, lseek(caught, 0, SEEK_END));
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

static napi_value LetGo(napi_env, napi_callback_info) {
  fflush(stderr);
  LeadBack();
  return nullptr;
}

/** Forgets what lies between the first and the last that is kept. A line written at this very moment may go too. */
static napi_value Shorten(napi_env, napi_callback_info) {
  off_t end = lseek(caught, 0, SEEK_END);
  if (end <= 4 * kept_bytes) return nullptr;
  std::string last = "\n...\n" + Read(end - kept_bytes, end);
  if (ftruncate(caught, kept_bytes) == 0 && lseek(caught, 0, SEEK_END) >= 0) (void)!write(caught, last.data(), last.size());
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_property_descriptor functions[] = {
      {"hold", nullptr, Hold, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"written", nullptr, Written, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"letGo", nullptr, LetGo, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"shorten", nullptr, Shorten, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 4, functions);
  return exports;
}
