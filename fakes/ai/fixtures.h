// Answers that somebody wrote down: which question gets which, the first that matches.
//
// [ { "match": {"model": "@cf/meta/*", "message": "exactly this", "contains": "part of it"},
//     "times": 1,
//     "reply": "text"   or {"text", "tool_calls": [{"name", "arguments": {}}], "finish_reason",
//                           "usage": {"prompt_tokens", "completion_tokens"}}
//     or "error": {"status": 429, "code": 3040, "message": "..."}
//     or "raw": {"status": 200, "content_type": "text/event-stream", "body": "data: ..."} } ]
//
// `match` speaks of the last message of the user; all that it says must hold, and nothing matches
// anything. `raw` is passed on byte for byte; "file" instead of "body" names a file beside this
// one.
#pragma once
#include <memory>
#include <string>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "core/ports/disk.h"
#include "fakes/ai/reply.h"

namespace mg::fake {

// Errors: kInvalid, naming the fixture by its place and what is wrong.
Result<std::shared_ptr<ReplySource>> FixturesFromJson(const Json& json);

// From a JSONC file. Errors: as above, with the path; and the disk's.
Result<std::shared_ptr<ReplySource>> ReadFixtures(const std::string& path, Disk& disk);

}  // namespace mg::fake
