#include "threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>

namespace {

struct Loop {
  long count, grain;
  Part part;
  const void* arguments;
  std::atomic<long> next{0};
  std::atomic<bool> lacksMemory{false};
};

/** A thread without memory for its part ends the loop for all; the caller throws once none of them works on it any more. */
void workThrough(Loop& loop) try {
  for (;;) {
    const long begin = loop.next.fetch_add(loop.grain);
    if (begin >= loop.count) return;
    loop.part(loop.arguments, begin, std::min(begin + loop.grain, loop.count));
  }
} catch (const std::bad_alloc&) {
  loop.lacksMemory = true;
  loop.next = loop.count;
}

/** As many threads as TensorFlow takes: what its setting says, else the processors that this process may use. */
int threadCount() {
  const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
  if (wanted && std::atoi(wanted) > 0) return std::atoi(wanted);
  cpu_set_t processors;
  return sched_getaffinity(0, sizeof processors, &processors) == 0 ? std::max(1, CPU_COUNT(&processors)) : 1;
}

/** Threads that sleep between loops. They are never joined: the process ends with them asleep. */
class Pool {
 public:
  explicit Pool(int helpers) : helpers_(helpers) {
    for (int index = 0; index < helpers; index++) std::thread([this] { serve(); }).detach();
  }

  void run(Loop& loop) {
    std::unique_lock<std::mutex> turn(oneLoop_);
    {
      std::lock_guard<std::mutex> hold(state_);
      loop_ = &loop;
      round_++;
      busy_ = helpers_;
    }
    begun_.notify_all();
    workThrough(loop);
    std::unique_lock<std::mutex> hold(state_);
    finished_.wait(hold, [this] { return busy_ == 0; });
    loop_ = nullptr;
  }

 private:
  void serve() {
    long seen = 0;
    for (;;) {
      Loop* loop;
      {
        std::unique_lock<std::mutex> hold(state_);
        begun_.wait(hold, [&] { return round_ != seen; });
        seen = round_;
        loop = loop_;
      }
      workThrough(*loop);
      std::lock_guard<std::mutex> hold(state_);
      if (--busy_ == 0) finished_.notify_one();
    }
  }

  const int helpers_;
  std::mutex oneLoop_, state_;
  std::condition_variable begun_, finished_;
  Loop* loop_ = nullptr;
  long round_ = 0;
  int busy_ = 0;
};

}  // namespace

void inParallel(long count, long grain, Part part, const void* arguments) {
  static Pool* const pool = new Pool(threadCount() - 1);
  Loop loop{count, std::max(1L, grain), part, arguments};
  if (count <= grain)
    workThrough(loop);
  else
    pool->run(loop);
  if (loop.lacksMemory) throw std::bad_alloc();
}
