// A child process with nothing inherited: explicit environment, its own process group, no
// descriptors but the standard ones.
//
// Thread-safety: none. The child is killed when the thread that started it ends, so that a killed
// parent leaves none behind: start from a thread that lives as long as the child may.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/result.h"

namespace mg {

struct ChildCommand {
  std::vector<std::string> arguments;    // the program first; sought in the child's PATH
  std::vector<std::string> environment;  // "NAME=value"
};

class ChildProcess {
 public:
  // Standard output and error go to `output_fd`, which stays the caller's.
  // Errors: kUnavailable with the reason, after which nothing runs.
  static Result<ChildProcess> Start(const ChildCommand& command, int output_fd);

  pid_t id() const { return id_; }
  // False once it has ended; then it is reaped, and what is left of its group is killed.
  bool Running();
  void Signal(int number);  // to its whole group

 private:
  explicit ChildProcess(pid_t id) : id_(id) {}

  pid_t id_;
  bool ended_ = false;
};

}  // namespace mg
