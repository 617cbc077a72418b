# Rules for C++ sources that a compiler does not know; see tools/check. Input: paths relative to the root.
# Prints "file:line: what is wrong" and nothing else.

function report(line, message) { print FILENAME ":" line ": " message }

# Which of our folders a path belongs to: "core/http" of "core/http/wire.h", "fakes", "tests", ...
function layer_of(path,   parts) {
  split(path, parts, "/")
  return parts[1] == "core" ? parts[1] "/" parts[2] : parts[1]
}

function may_include(from, to) {
  if (from == to || from == "tests") return 1
  if (to == "tests") return 0
  return index(" " includes[from] " ", " " to " ") > 0
}

BEGIN {
  below = "core/base"
  includes["core/base"] = ""
  includes["core/ports"] = below
  below = below " core/ports"
  includes["core/config"] = below
  includes["core/http"] = below
  includes["core/adapters"] = below " core/http"
  below = below " core/config core/http"
  includes["core/clients"] = below
  below = below " core/clients"
  includes["fakes"] = below
  includes["core/services"] = below
  below = below " core/services"
  includes["core/gateway"] = below
  includes["scenarios"] = below " core/gateway fakes"
  includes["emulator"] = includes["scenarios"] " core/adapters scenarios"

  waiting = "std::(jthread|async|mutex|shared_mutex|recursive_mutex|condition_variable)"
  waiting = waiting "|std::thread[^:]|std::this_thread::(sleep|yield)"
  waiting = waiting "|nanosleep|usleep|Poco::Timer|<(future|shared_mutex|stop_token)>"
  clocks = "(system|steady|high_resolution)_clock|random_device|std::(mt19937|rand[^A-Za-z_])"
  unportable = "std::regex|<regex>|<format>|<ranges>|std::(views|ranges)::|std::format"
}

FNR == 1 {
  layer = layer_of(FILENAME)
  product = layer != "tests"
  # The two places that make the outside world, and the port that owns the one lock and thread_local.
  real_world = layer == "core/adapters" || FILENAME ~ /^scenarios\/sim\//
  runtime_port = FILENAME == "core/ports/runtime.h"
  header = FILENAME ~ /\.h$/
  depth = 0; head = ""; raw_end = ""; function_depth = 0
}

FNR == 601 { report(FNR, "longer than 600 lines: split the file") }

/^#include "/ {
  split($0, quoted, "\"")
  to = layer_of(quoted[2])
  if (quoted[2] !~ /\//) report(FNR, "include with the path from the root: \"" quoted[2] "\"")
  else if (!may_include(layer, to)) report(FNR, layer " may not include " to " (docs/ARCHITECTURE.md, Layers)")
  if (header && product && quoted[2] == "core/base/json.h") report(FNR, "headers take core/base/json_fwd.h")
}
header && /^#include <nlohmann\/json.hpp>/ && FILENAME != "core/base/json.h" { report(FNR, "headers take core/base/json_fwd.h") }
/^#include <Poco\// && layer != "core/adapters" && product { report(FNR, "Poco belongs to core/adapters") }
/^#include <CLI\// && FILENAME != "emulator/cli.cc" { report(FNR, "CLI11 belongs to emulator/cli.cc alone") }

{
  # Code without texts and comments, so that naming a thing is not using it.
  code = $0
  if (raw_end != "") {
    at = index(code, raw_end)
    if (at == 0) next
    code = substr(code, at + length(raw_end))
    raw_end = ""
  }
  gsub(/'(\\.|[^'\\])'/, "0", code)
  if (match(code, /R"[A-Za-z_]*\(/)) {
    raw_end = ")" substr(code, RSTART + 2, RLENGTH - 3) "\""
    rest = substr(code, RSTART + RLENGTH)
    code = substr(code, 1, RSTART - 1)
    at = index(rest, raw_end)
    if (at > 0) { code = code substr(rest, at + length(raw_end)); raw_end = "" }
  }
  gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
  sub(/\/\/.*/, "", code)
  gsub(/\/\*[^*]*\*\//, "", code)
}

product && !real_world && !runtime_port && match(code, waiting) {
  report(FNR, substr(code, RSTART, RLENGTH) " outside core/adapters: waiting and locking go through Runtime")
}
product && !real_world && match(code, clocks) {
  report(FNR, substr(code, RSTART, RLENGTH) " outside core/adapters: time and chance go through Runtime and Random")
}
product && !runtime_port && code ~ /(^|[^A-Za-z_])thread_local([^A-Za-z_]|$)/ { report(FNR, "thread_local outside core/ports/runtime.h") }
match(code, unportable) { report(FNR, substr(code, RSTART, RLENGTH) ": not in both compilers, or unsafe on small stacks") }

# Functions: a brace outside any other function whose head has a parameter list.
/^[ \t]*#/ { next }
{
  while (match(code, /[{};]/)) {
    mark = substr(code, RSTART, 1)
    head = head substr(code, 1, RSTART - 1)
    code = substr(code, RSTART + 1)
    if (mark == "{") {
      ++depth
      if (function_depth == 0 && head ~ /\(/ && head !~ /[=(,][ \t]*$/) {
        function_depth = depth
        function_line = FNR
      }
    } else if (mark == "}") {
      if (depth == function_depth) {
        if (FNR - function_line + 1 > 80) report(function_line, "a function of " FNR - function_line + 1 " lines; 80 at most")
        function_depth = 0
      }
      if (depth > 0) --depth
    }
    head = ""
  }
  head = head code " "
}
