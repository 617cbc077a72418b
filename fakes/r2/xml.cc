#include "fakes/r2/xml.h"

#include <cstdio>

#include "fakes/service.h"

namespace mg::fake {
namespace {

constexpr std::string_view kDeclaration = R"(<?xml version="1.0" encoding="UTF-8"?>)";
constexpr const char* kInternalText = "We encountered an internal error. Please try again.";

void AppendElement(std::string& out, std::string_view name, std::string_view text) {
  out.append("<").append(name).append(">");
  out.append(XmlEscaped(text));
  out.append("</").append(name).append(">");
}

}  // namespace

std::string XmlEscaped(std::string_view text) {
  std::string out;
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
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
          out += c;
        } else {
          char reference[8];
          std::snprintf(reference, sizeof reference, "&#x%x;", static_cast<unsigned>(c));
          out += reference;
        }
    }
  }
  return out;
}

Response S3Error(int status, std::string_view code, std::string_view message,
                 const XmlFields& fields) {
  std::string xml(kDeclaration);
  xml += "<Error>";
  AppendElement(xml, "Code", code);
  AppendElement(xml, "Message", message);
  for (const auto& field : fields) AppendElement(xml, field.first, field.second);
  xml += "</Error>";
  return TextResponse(status, std::move(xml), "application/xml");
}

Response S3Gap(std::string_view operation, const std::string& what) {
  Response response = S3NotImplemented(what);
  response.headers.Set(kGapHeader, operation);
  return response;
}

Response S3NotImplemented(const std::string& what) {
  return S3Error(501, "NotImplemented", what + " not implemented");
}

Response S3InvalidArgument(std::string_view message) {
  return S3Error(400, "InvalidArgument", message);
}

Response S3InvalidRequest(std::string_view message) {
  return S3Error(400, "InvalidRequest", message);
}

Response S3MalformedXml() {
  return S3Error(400, "MalformedXML",
                 "The XML you provided was not well formed or did not validate against our "
                 "published schema.");
}

Response S3NoSuchBucket() {
  return S3Error(404, "NoSuchBucket", "The specified bucket does not exist.");
}

Response S3NoSuchKey() {
  return S3Error(404, "NoSuchKey", "The specified key does not exist.");
}

Response S3NoSuchUpload() {
  return S3Error(404, "NoSuchUpload", "The specified multipart upload does not exist.");
}

Response S3NoRoute() {
  return S3Error(404, "RouteNotFound", "No route matches this url.");
}

Response S3PreconditionFailed() {
  return S3Error(412, "PreconditionFailed",
                 "At least one of the pre-conditions you specified did not hold.");
}

Response S3Internal() {
  return S3Error(500, "InternalError", kInternalText);
}

XmlWriter::XmlWriter(std::string_view root) : xml_(kDeclaration) {
  xml_.append("<").append(root).append(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
  open_.emplace_back(root);
}

XmlWriter& XmlWriter::Text(std::string_view name, std::string_view text) {
  AppendElement(xml_, name, text);
  return *this;
}

XmlWriter& XmlWriter::Number(std::string_view name, std::int64_t value) {
  return Text(name, std::to_string(value));
}

XmlWriter& XmlWriter::Flag(std::string_view name, bool value) {
  return Text(name, value ? "true" : "false");
}

XmlWriter& XmlWriter::Open(std::string_view name) {
  xml_.append("<").append(name).append(">");
  open_.emplace_back(name);
  return *this;
}

XmlWriter& XmlWriter::Close() {
  xml_.append("</").append(open_.back()).append(">");
  open_.pop_back();
  return *this;
}

Response XmlWriter::Answer() {
  while (!open_.empty()) Close();
  return TextResponse(200, std::move(xml_), "application/xml");
}

}  // namespace mg::fake
