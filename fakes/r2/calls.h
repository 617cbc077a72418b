// R2's operations over S3. Each gets a request whose signature holds, says in the note what it is,
// passes the fault point before its effect, and answers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/r2/auth.h"
#include "fakes/r2/query.h"
#include "fakes/r2/store.h"
#include "fakes/service.h"

namespace mg::fake {

struct R2Core {
  const Credentials& credentials;
  Runtime& runtime;
  R2Store& store;
};

struct S3Call {
  Request& request;
  CallNote& note;
  S3Query query;
  S3Address address;
  Signed signature;
};

Response Answer(int status);  // without a body
// Opaque ids: the same in every run, and nobody else's guess.
std::string VersionId(const R2Core& core, std::int64_t number);
std::string UploadId(const R2Core& core, std::int64_t number);
std::optional<std::int64_t> UploadNumber(const R2Core& core, std::string_view id);

// buckets
Response ListBuckets(R2Core& core, S3Call& call);
Response BucketCall(R2Core& core, S3Call& call);
void EnsureBucket(R2Core& core, const std::string& name);  // it exists afterwards
// Of `cf-create-bucket-if-missing`; then the refusal when there is no bucket.
std::optional<Response> NeedBucket(R2Core& core, const S3Call& call);

// objects
Response ObjectCall(R2Core& core, S3Call& call);
Response ListObjects(R2Core& core, S3Call& call);
Response DeleteObjects(R2Core& core, S3Call& call);
Response CopyObject(R2Core& core, S3Call& call);
// The object that x-amz-copy-source names, or the refusal.
std::optional<Response> FindCopySource(R2Core& core, const S3Call& call, R2Found& out);

// uploads in parts
Response CreateMultipartUpload(R2Core& core, S3Call& call);
Response UploadPart(R2Core& core, S3Call& call);
Response UploadPartCopy(R2Core& core, S3Call& call);
Response CompleteMultipartUpload(R2Core& core, S3Call& call);
Response AbortMultipartUpload(R2Core& core, S3Call& call);
Response ListParts(R2Core& core, S3Call& call);
Response ListMultipartUploads(R2Core& core, S3Call& call);

// documents of a bucket
Response CorsCall(R2Core& core, S3Call& call);
Response LifecycleCall(R2Core& core, S3Call& call);

}  // namespace mg::fake
