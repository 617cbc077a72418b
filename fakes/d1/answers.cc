#include "fakes/d1/answers.h"

#include "core/base/json.h"
#include "fakes/d1/functions.h"
#include "fakes/d1/limits.h"
#include "fakes/v4.h"

namespace mg::fake::d1 {

Response InvalidProperty(std::string_view message) {
  return JsonResponse(
      400,
      DumpJson(Json{{"success", false},
                    {"errors", Json::array({{{"code", kMalformedCode}, {"message", message}}})}}));
}

Response Malformed(std::string_view message) {
  return V4Error(400, kMalformedCode, message);
}

Response SqlError(std::string_view message) {
  return JsonResponse(
      400, DumpJson(Json{{"result", Json::array()},
                         {"success", false},
                         {"messages", Json::array()},
                         {"errors", Json::array({{{"code", kSqlCode}, {"message", message}}})}}));
}

Response NotFound(std::string_view id) {
  return V4Error(404, kNotFoundCode, "The database " + std::string(id) + " could not be found");
}

Response FailureAnswer(const Failure& failure, std::string_view operation) {
  if (failure.malformed) return Malformed(failure.message);
  if (IsMissingFunction(failure.message)) {
    return V4Gap(operation, "this emulator's SQLite lacks it: " + failure.message);
  }
  return SqlError(failure.message);
}

}  // namespace mg::fake::d1
