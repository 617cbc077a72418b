// How control goes from one task to the next: each has a thread, and the thread without the baton
// sleeps in the kernel. Which task is next is not decided here (schedule.h).
//
// Rule: after a thread has passed the baton it touches only its own Worker. Everything else
// belongs to the one that has it now, down to the memory of the runtime.
#pragma once
#include <pthread.h>
#include <semaphore.h>

#include "scenarios/sim/cores.h"

namespace mg::sim {

class Baton {
 public:
  Baton();
  ~Baton();
  Baton(const Baton&) = delete;
  Baton& operator=(const Baton&) = delete;
  void Pass();   // the owner of this one may go on; nothing is touched after it has
  void Await();  // by its owner alone

 private:
  sem_t semaphore_;  // std::binary_semaphore spins before it sleeps: two to four times slower here
};

class Worker;

class Job {
 public:
  virtual ~Job() = default;
  // Calls ReturnWorker(self) before it passes the baton for the last time.
  virtual void Work(Worker& self) = 0;
};

// A thread that takes one job after another. A first start costs 50 us, a further one 10: idle
// ones are kept, for every runtime of the process, until the process ends.
class Worker {
 public:
  void Start(Job& job, const CoreSet& cores);  // passes the baton to it

  Baton baton;

 private:
  friend class WorkerPool;
  static void* Main(void* self);
  void Launch();

  Job* job_ = nullptr;  // null: the thread ends
  CoreSet wanted_cores_, cores_;
  pthread_t thread_{};
};

// Both are thread-safe. Errors: TakeWorker throws std::system_error when there is no thread to get.
Worker& TakeWorker();
void ReturnWorker(Worker& worker);  // it may be started again at once, even while it still runs

}  // namespace mg::sim
