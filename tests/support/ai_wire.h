// The request and response pairs of fixtures/wire/ai-gateway, and a sink that answers from them.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "core/http/message.h"
#include "fakes/credentials.h"

namespace mg::test {

inline constexpr const char* kWireOrigin = "http://ai.test";
inline constexpr const char* kWireAccount = "0123456789abcdef0123456789abcdef";
inline constexpr const char* kFreeModel = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";
inline constexpr const char* kPremiumModel = "@cf/meta/llama-3.3-70b-instruct-fp8-fast";

// What the fixtures were written with.
inline fake::Credentials WireCredentials() {
  fake::Credentials credentials;
  credentials.account_id = kWireAccount;
  credentials.api_token = "workers-token";
  credentials.ai_gateway_token = "gateway-token";
  return credentials;
}

struct WireText {
  std::string first_line;
  Headers headers;
  std::string body;
};

inline WireText ReadWireText(const std::string& file) {
  const char* root = std::getenv("MOLTGATE_SOURCE_DIR");
  std::ifstream in(std::string(root == nullptr ? "." : root) + "/fixtures/wire/ai-gateway/" + file);
  EXPECT_TRUE(in.good()) << file;
  WireText text;
  std::getline(in, text.first_line);
  for (std::string line; std::getline(in, line) && !line.empty();) {
    const std::size_t colon = line.find(": ");
    text.headers.Add(line.substr(0, colon), line.substr(colon + 2));
  }
  std::stringstream rest;
  rest << in.rdbuf();
  text.body = rest.str();
  if (!text.body.empty()) text.body.pop_back();  // the file's last newline
  return text;
}

inline Request WireRequest(const std::string& name) {
  WireText text = ReadWireText(name + ".request.http");
  Request request;
  const std::size_t space = text.first_line.find(' ');
  request.method = text.first_line.substr(0, space);
  request.target = text.first_line.substr(space + 1, text.first_line.rfind(' ') - space - 1);
  request.headers = std::move(text.headers);
  request.body = Body(std::move(text.body));
  return request;
}

inline Response WireResponse(const std::string& name) {
  WireText text = ReadWireText(name + ".response.http");
  Response response;
  response.status = std::stoi(text.first_line.substr(text.first_line.find(' ') + 1));
  response.headers = std::move(text.headers);
  response.body = Body(std::move(text.body));
  return response;
}

}  // namespace mg::test
