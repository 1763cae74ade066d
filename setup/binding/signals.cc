// Signals are taken by a thread of its own. Matrix products that oneDNN generates (its sgemm for AVX-512, in TensorFlow 2.21)
// keep numbers below the stack pointer, where the frame of a signal's handler goes: a handled signal, be it Ctrl-C, the
// end of a child or the window's new size, could damage memory in the midst of a product.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <initializer_list>

static void* TakeSignals(void*) {
  for (;;) pause();
}

/**
 * Block signals in this thread and in those that it starts from now on, but for those that tell of a fault of the thread
 * itself. That of V8's profiler is meant for this thread too, and asks for a stack of its own, which is given here. Children
 * do not inherit what is blocked: Node.js starts them with nothing blocked.
 */
void keepSignalsAway() {
  pthread_t taker;
  if (pthread_create(&taker, nullptr, TakeSignals, nullptr) != 0) return;
  pthread_detach(taker);
  sigset_t blocked;
  sigfillset(&blocked);
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF}) sigdelset(&blocked, number);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  static char apart[1 << 16];
  stack_t stack = {};
  stack.ss_sp = apart;
  stack.ss_size = sizeof apart;
  sigaltstack(&stack, nullptr);
}
