// D1's limits and platform texts (wire/storage.md 3.3 to 3.5). What was never seen on the wire is
// marked UNCONFIRMED: change it here.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mg::fake::d1 {

inline constexpr std::size_t kMaxRequestBytes = 10 * 1024 * 1024;  // UNCONFIRMED
inline constexpr std::int64_t kBodyReadMs = 60'000;

inline constexpr int kMaxValueBytes = 2'000'000;  // row, string or blob
inline constexpr int kMaxSqlBytes = 100'000;      // of each statement
inline constexpr int kMaxColumns = 100;
inline constexpr int kMaxParams = 100;
inline constexpr int kMaxExprDepth = 100;
inline constexpr int kMaxCompoundSelect = 5;
inline constexpr int kMaxVdbeOps = 25'000;
inline constexpr int kMaxFunctionArgs = 32;
inline constexpr int kMaxLikePatternBytes = 50;
inline constexpr int kMaxTriggerDepth = 10;
inline constexpr std::int64_t kMaxDatabasePages = 2'621'440;  // 10 GB of 4 KiB

// Stands for D1's 30 s of time: SQLite's virtual machine makes about 50 to 100 million steps a
// second, and a count, unlike a clock, stops the same query at the same place every time.
inline constexpr std::int64_t kStepsPerRequest = 1'000'000'000;
inline constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;  // UNCONFIRMED

inline constexpr std::int64_t kMaxDatabases = 50'000;
inline constexpr std::int64_t kDatabasesPerPage = 100;  // UNCONFIRMED: 10 was claimed too
inline constexpr std::int64_t kMaxDatabasesPerPage = 10'000;
inline constexpr std::size_t kMaxNameBytes = 256;      // UNCONFIRMED
inline constexpr std::int64_t kLeastFileBytes = 8192;  // of a database without tables
inline constexpr std::int64_t kMaxTimestampSeconds = 253'402'300'799;  // 9999-12-31

// Ours: the past that is kept of each database, and the files of imports and exports.
inline constexpr std::size_t kMaxMoments = 64;
inline constexpr std::size_t kMaxMomentBytes = 256 * 1024 * 1024;
inline constexpr std::int64_t kMaxSnapshotBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kMaxImportBytes = 256 * 1024 * 1024;  // the service: 5 GB
inline constexpr std::size_t kMaxExportBytes = 256 * 1024 * 1024;
inline constexpr std::size_t kMaxTransfers = 64;
inline constexpr std::size_t kMaxTransferBytes = 512 * 1024 * 1024;
inline constexpr std::int64_t kTransferMs = 3'600'000;

inline constexpr const char* kDatabaseName = "moltgate";
inline constexpr const char* kReplicated = "auto";  // a mode of read replication
inline constexpr const char* kServedBy = "v3-prod";
inline constexpr const char* kRegion = "WEUR";
inline constexpr const char* kColo = "AMS";
inline constexpr const char* kReplicaRegion = "ENAM";
inline constexpr const char* kReplicaColo = "EWR";

inline constexpr std::int64_t kMalformedCode = 7400;
inline constexpr std::int64_t kNotFoundCode = 7404;
inline constexpr std::int64_t kSqlCode = 7500;
inline constexpr std::int64_t kOverloadedCode = 7429;
inline constexpr std::int64_t kNameTakenCode = 7502;
inline constexpr int kTooManyDatabasesStatus = 400;  // UNCONFIRMED: 403 was seen too
inline constexpr std::int64_t kTooManyDatabasesCode = 7406;

inline constexpr const char* kNoStatements = "No SQL statements detected.";
inline constexpr const char* kWrongParamCount = "Wrong number of parameter bindings for SQL query.";
inline constexpr const char* kParamsWithSeveral =
    "The request is malformed: params with multiple statements is not supported";
inline constexpr const char* kTooLong =
    "D1 DB storage operation exceeded timeout which caused object to be reset.";
inline constexpr const char* kTooMuchMemory =
    "D1 DB's isolate exceeded its memory limit and was reset.";
inline constexpr const char* kTooManyDatabases =
    "You have reached the maximum number of databases for your account.";  // UNCONFIRMED
inline constexpr const char* kLongName =
    "Invalid property: name => String must contain at most 256 character(s)";  // UNCONFIRMED
inline constexpr const char* kBadTimestamp =
    "Invalid property: timestamp => Invalid datetime";  // UNCONFIRMED
inline constexpr const char* kTimestampOutOfRange =
    "The request is malformed: timestamp is out of range";  // UNCONFIRMED
inline constexpr const char* kNoHistory =
    "No history is available for this database at that point";  // UNCONFIRMED
inline constexpr const char* kNoVirtualTables =
    "D1 Export error: cannot export databases with Virtual Tables (fts5)";  // UNCONFIRMED
inline constexpr const char* kBadSession =
    "The request is malformed: invalid session token";  // UNCONFIRMED
inline constexpr const char* kNotImporting = "Not currently importing anything.";
inline constexpr const char* kNotExporting = "Not currently exporting anything.";
inline constexpr const char* kNoSuchUpload =
    "The uploaded file could not be found.";  // UNCONFIRMED
inline constexpr const char* kNestedTransaction = "cannot start a transaction within a transaction";
inline constexpr const char* kTooManyQueued = "D1 DB is overloaded. Too many requests queued.";
inline constexpr const char* kQueuedTooLong = "D1 DB is overloaded. Requests queued for too long.";
inline constexpr const char* kDatabaseFull = "Exceeded maximum DB size.";
inline constexpr const char* kInternal =
    "Internal error in D1 DB storage caused object to be reset.";
inline constexpr const char* kNoTransactions =
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT "
    "statements. The JavaScript API is safer because it will automatically roll back on "
    "exceptions, and because it interacts correctly with Durable Objects' automatic atomic write "
    "coalescing.";

}  // namespace mg::fake::d1
