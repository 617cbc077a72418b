#include "fakes/edge/fields.h"

#include "core/base/bytes.h"

namespace mg::fake {
namespace {

using Name = Field::Name;
using Type = Field::Type;

struct Known {
  std::string_view text;
  Name name;
  Type type;
};

constexpr Known kKnown[] = {
    {"http.request.method", Name::kMethod, Type::kText},
    {"http.request.uri", Name::kUri, Type::kText},
    {"http.request.uri.path", Name::kPath, Type::kText},
    {"http.request.uri.query", Name::kQuery, Type::kText},
    {"http.host", Name::kHost, Type::kText},
    {"http.user_agent", Name::kUserAgent, Type::kText},
    {"http.cookie", Name::kCookieHeader, Type::kText},
    {"http.referer", Name::kReferer, Type::kText},
    {"ip.geoip.country", Name::kCountry, Type::kText},
    {"ip.src.country", Name::kCountry, Type::kText},
    {"cf.colo.id", Name::kPlace, Type::kText},
    {"ip.src", Name::kAddress, Type::kAddress},
    {"ssl", Name::kHttps, Type::kBool},
    {"http.request.headers", Name::kHeader, Type::kText},
    {"http.request.cookies", Name::kCookie, Type::kText},
    {"http.request.uri.args", Name::kArgument, Type::kText},
    {"http.response.code", Name::kStatus, Type::kNumber},
    {"http.response.headers", Name::kResponseHeader, Type::kText},
};

using Values = std::vector<std::string>;

Values One(std::string_view text) {
  return {std::string(text)};
}
Values Maybe(std::optional<std::string> text) {
  return text ? Values{std::move(*text)} : Values{};
}
Values HeaderValues(const Headers& headers, std::string_view name) {
  Values values;
  for (const std::string_view value : headers.GetAll(name)) values.emplace_back(value);
  return values;
}

Values AnswerValues(const Field& field, const Response& response) {
  if (field.name == Name::kStatus) return One(std::to_string(response.status));
  return HeaderValues(response.headers, field.key);
}

}  // namespace

bool Field::keyed() const {
  return name == Name::kHeader || name == Name::kCookie || name == Name::kArgument ||
         name == Name::kResponseHeader;
}

Result<Field> FieldOf(std::string_view name) {
  for (const Known& known : kKnown) {
    if (known.text == name) return Field{known.name, known.type, {}};
  }
  return Error{Code::kInvalid,
               "this edge knows no field \"" + std::string(name.substr(0, 64)) + "\""};
}

Values ValuesOf(const Field& field, const Traffic& traffic) {
  const Request& request = traffic.request;
  switch (field.name) {
    case Name::kMethod:
      return One(request.method);
    case Name::kUri:
      return One(request.target);
    case Name::kPath:
      return One(request.Path());
    case Name::kQuery:
      return One(request.Query());
    case Name::kHost:
      return One(traffic.host);
    case Name::kUserAgent:
      return One(request.headers.Get("user-agent"));
    case Name::kCookieHeader:
      return One(request.headers.Get("cookie"));
    case Name::kReferer:
      return One(request.headers.Get("referer"));
    case Name::kCountry:
      return One(traffic.country);
    case Name::kPlace:
      return One(traffic.colo);
    case Name::kAddress:
      return One(traffic.address);
    case Name::kHttps:
      return One(traffic.https ? "1" : "");
    case Name::kHeader:
      return HeaderValues(request.headers, field.key);
    case Name::kCookie:
      return Maybe(CookieValue(request.headers, field.key));
    case Name::kArgument:
      return Maybe(QueryValue(request.Query(), field.key));
    case Name::kStatus:
    case Name::kResponseHeader:
      break;
  }
  return traffic.response == nullptr ? Values{} : AnswerValues(field, *traffic.response);
}

}  // namespace mg::fake
