// What SQL may do on D1 (wire/storage.md 3.4): SQLite's authorizer over fixed tables.
//
// Thread-safety: none; it belongs to one connection and outlives it.
#pragma once
#include <sqlite3.h>

namespace mg::fake::d1 {

class Authorizer {
 public:
  void Install(sqlite3* db);

  // While the engine prepares or runs its own statements nothing is refused.
  void TrustEngine(bool trusted) { trusted_ = trusted; }

  // Forgets what the statement before was caught at.
  void StartStatement();
  bool refused_transaction() const { return refused_transaction_; }
  bool altered_table() const { return altered_table_; }

 private:
  static int Callback(void* self, int action, const char* first, const char* second,
                      const char* database, const char* trigger);
  bool Allows(int action, const char* first, const char* second);

  bool trusted_ = false;
  bool refused_transaction_ = false;
  bool altered_table_ = false;
};

}  // namespace mg::fake::d1
