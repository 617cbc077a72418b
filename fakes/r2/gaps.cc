// What R2's S3 endpoint does in part here. What the service itself refuses (screening.cc) is none.
#include "fakes/gap_routes.h"

namespace mg::fake {
namespace {

constexpr const char* kOwnKeys = "keys of the customer's own (SSE-C)";

constexpr Operation kPartly[] = {
    {"PUT", "{bucket}/{key}", "r2.put", "SSE-C; 1 GiB of objects without a state folder"},
    {"GET", "{bucket}/{key}", "r2.get", kOwnKeys},
    {"HEAD", "{bucket}/{key}", "r2.head", kOwnKeys},
    {"POST", "{bucket}/{key}?uploads", "r2.create_multipart", "10,000 open uploads of a bucket"},
    {"PUT", "{bucket}?lifecycle", "r2.put_lifecycle", "kept, and nothing expires by it"},
    {"GET", "{bucket}?lifecycle", "r2.get_lifecycle", "rules that were set over REST"},
};

}  // namespace

FakeOperations R2Gaps() {
  return {"R2 S3", "", {std::begin(kPartly), std::end(kPartly)}, {}};
}

}  // namespace mg::fake
