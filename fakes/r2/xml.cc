#include "fakes/r2/xml.h"

#include "fakes/service.h"

namespace mg::fake {
namespace {

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
}

void AppendElement(std::string& out, std::string_view name, std::string_view text) {
  out.append("<").append(name).append(">");
  AppendEscaped(out, text);
  out.append("</").append(name).append(">");
}

}  // namespace

Response S3Error(int status, std::string_view code, std::string_view message,
                 const XmlFields& fields) {
  std::string xml = R"(<?xml version="1.0" encoding="UTF-8"?><Error>)";
  AppendElement(xml, "Code", code);
  AppendElement(xml, "Message", message);
  for (const auto& field : fields) AppendElement(xml, field.first, field.second);
  xml += "</Error>";
  return TextResponse(status, std::move(xml), "application/xml");
}

Response S3Gap(std::string_view operation, const std::string& what) {
  Response response = S3Error(501, "NotImplemented", what + " not implemented");
  response.headers.Set(kGapHeader, operation);
  return response;
}

Response S3InvalidArgument(std::string_view message) {
  return S3Error(400, "InvalidArgument", message);
}

Response S3InvalidRequest(std::string_view message) {
  return S3Error(400, "InvalidRequest", message);
}

}  // namespace mg::fake
