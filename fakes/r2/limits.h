// R2's limits and the texts and values nobody has confirmed (wire/storage.md 4 and 7), in one
// place.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mg::fake::r2 {

// Limits of the service.
inline constexpr std::uint64_t kMaxUploadBytes = 5'363'466'240;  // 5 GiB - 5 MiB, of a PUT or part
inline constexpr std::uint64_t kMaxObjectBytes = 5'363'466'240'000;  // of all parts: 4.995 TiB
inline constexpr std::uint64_t kMaxRestBytes = 300ULL * 1024 * 1024;
inline constexpr std::uint64_t kMinPartBytes = 5ULL * 1024 * 1024;  // the last excepted
inline constexpr std::int64_t kMaxParts = 10'000;
inline constexpr std::size_t kMaxKeyBytes = 1024;
inline constexpr std::size_t kMaxMetadataBytes = 8192;
inline constexpr std::int64_t kMaxPage = 1000;
inline constexpr std::size_t kMaxDeletes = 1000;
inline constexpr std::int64_t kUnfinishedUploadMs = 7LL * 24 * 60 * 60 * 1000;
inline constexpr std::int64_t kMaxSkewMs = 15LL * 60 * 1000;
inline constexpr std::int64_t kMaxExpirySeconds = 604'800;

// Limits of ours.
inline constexpr std::uint64_t kMaxMemoryBytes = 1ULL << 30;  // all objects, without a folder
inline constexpr std::size_t kInlineBytes = 64 * 1024;        // kept in the object's row
inline constexpr std::size_t kPieceBytes = 256 * 1024;        // in memory of an object that streams
inline constexpr std::size_t kMaxDocumentBytes = 8 * 1024 * 1024;  // XML and JSON bodies
inline constexpr std::size_t kMaxConfigurationBytes = 128 * 1024;  // CORS and lifecycle
inline constexpr std::size_t kMaxBuckets = 1000;
inline constexpr std::int64_t kMaxOpenUploads = 10'000;
inline constexpr std::int64_t kMaxEndedUploads = 10'000;  // that are still known to have been
inline constexpr std::chrono::minutes kBodyDeadline{60};

// UNCONFIRMED texts.
inline constexpr std::string_view kBadBucketName = "The specified bucket name is not valid.";
// UNCONFIRMED: the name of AWS for that text, and one that rclone takes for no failure, which makes
// the bucket anew before each upload.
inline constexpr std::string_view kBucketConflictCode = "BucketAlreadyOwnedByYou";
inline constexpr std::string_view kBucketConflict =
    "The bucket you tried to create already exists, and you own it.";
inline constexpr std::string_view kTooManyBuckets =
    "You have attempted to create more buckets than allowed.";
inline constexpr std::string_view kBadLocation = "The specified location constraint is not valid.";
inline constexpr std::string_view kNoCors = "The CORS configuration does not exist.";
inline constexpr std::string_view kNoLifecycle = "The lifecycle configuration does not exist";
// What every bucket begins with (R2: Object lifecycles), as either API says it.
inline constexpr std::string_view kFirstLifecycle =
    R"({"rules":[{"id":"Default Multipart Abort Rule","enabled":true,"conditions":{},)"
    R"("abortMultipartUploadsTransition":{"condition":{"type":"Age","maxAge":604800}}}]})";
inline constexpr std::string_view kFirstLifecycleXml =
    R"(<?xml version="1.0" encoding="UTF-8"?>)"
    R"(<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>)"
    "<ID>Default Multipart Abort Rule</ID><Filter><Prefix></Prefix></Filter>"
    "<Status>Enabled</Status><AbortIncompleteMultipartUpload>"
    "<DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
    "</Rule></LifecycleConfiguration>";
inline constexpr std::string_view kNoRules = R"({"rules":[]})";
inline constexpr std::string_view kNoLength = "You must provide the Content-Length HTTP header.";
inline constexpr std::string_view kIncomplete = "The request body terminated unexpectedly";
inline constexpr std::string_view kManyChecksums =
    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";

// UNCONFIRMED values.
inline constexpr std::string_view kDefaultLocation = "ENAM";  // of a bucket without a hint
inline constexpr bool kReturnsStorageClass = true;            // of objects that are not STANDARD
inline constexpr bool kEnforcesQueryChecksums = false;        // those in a presigned address

}  // namespace mg::fake::r2
