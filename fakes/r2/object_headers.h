// The headers that an object keeps, and those that it is answered with (wire/storage.md 4.6).
#pragma once
#include <string>

#include "core/http/message.h"
#include "fakes/r2/query.h"
#include "fakes/r2/store.h"

namespace mg::fake {

// content-*, cache-control, expires, x-amz-meta-* and the storage class of a request.
Headers StoredHeaders(const Headers& sent);
// RFC 2047's words count decoded.
bool MetadataFits(const Headers& stored);
std::string DecodedWords(std::string_view value);  // RFC 2047; anything else stays as it is

// What every answer about an object has; 304 too.
void AddObjectHeaders(const R2Object& object, Response& response);
// x-amz-checksum-*, which are never said of a part of an object.
void AddChecksums(const R2Object& object, Response& response);
// "response-content-type" and the like.
void OverrideHeaders(const S3Query& query, Response& response);

std::string Quoted(const std::string& etag);

}  // namespace mg::fake
