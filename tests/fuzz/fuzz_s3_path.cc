// Addresses, copy sources, queries and keys: decoding is total, and NFC of NFC is NFC.
#include <string>

#include "core/base/bytes.h"
#include "fakes/r2/nfc.h"
#include "fakes/r2/query.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::fake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(Text(data, size));
  if (const auto address = ParseAddress("/" + input)) {
    Require(address->bucket.size() + address->key.size() <= input.size());
    const auto again =
        ParseAddress("/" + PercentEncode(address->bucket) + "/" + PercentEncode(address->key));
    Require(again && again->bucket == address->bucket && again->key == address->key);
    if (IsKey(address->key)) {
      const std::string normal = Nfc(address->key);
      Require(IsValidUtf8(normal) && Nfc(normal) == normal);
    }
  }
  if (const auto source = ParseCopySource(input)) {
    Require(!source->bucket.empty() && !source->key.empty());
  }
  const S3Query query(input);
  Require(query.Unknown({}).size() <= size);
  return 0;
}
