// The raw request and response pairs under fixtures/wire: one file a case, the two messages
// separated by a line of five '='. Lines end in LF; a body's last LF is not part of it.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/http/message.h"
#include "fakes/credentials.h"

namespace mg::test {

struct WireCase {
  std::string name;  // "kv/02_get"
  Request request;
  Response response;
};

// The ids and the token that the fixtures spell out.
inline fake::Credentials FixtureCredentials() {
  fake::Credentials credentials;
  credentials.account_id = "0a0b0c0d0e0f01020304050607080900";
  credentials.api_token = "fixture-token";
  credentials.kv_namespace_id = "6d1f00000000000000000000000000aa";
  credentials.d1_database_id = "3f0c9c1e-8c0e-4a55-9d0e-0a1b2c3d4e5f";
  return credentials;
}

inline std::string SourceFolder() {
  const char* folder = std::getenv("MOLTGATE_SOURCE_DIR");
  return folder != nullptr ? folder : ".";
}

// Returns the start line; fills headers and body.
inline std::string ReadMessage(std::string_view text, Headers& headers, Body& body) {
  const std::size_t blank = text.find("\n\n");
  const std::string_view head = text.substr(0, blank);
  std::string start_line;
  for (const std::string_view line : Split(head, '\n')) {
    if (start_line.empty()) {
      start_line = std::string(line);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.Add(line.substr(0, colon), TrimSpace(line.substr(colon + 1)));
  }
  if (blank != std::string_view::npos) {
    std::string_view bytes = text.substr(blank + 2);
    if (!bytes.empty() && bytes.back() == '\n') bytes.remove_suffix(1);
    body = std::string(bytes);
  }
  return start_line;
}

inline WireCase ReadWireCase(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)),
                         std::istreambuf_iterator<char>());
  constexpr std::string_view kSeparator = "\n=====\n";
  const std::size_t middle = text.find(kSeparator);
  if (middle == std::string::npos) throw std::runtime_error("no pair in " + file.string());
  WireCase read;
  read.name = file.parent_path().filename().string() + "/" + file.stem().string();
  const std::string_view all = text;
  const std::string request_line =
      ReadMessage(all.substr(0, middle + 1), read.request.headers, read.request.body);
  const auto words = Split(request_line, ' ');
  if (words.size() != 3) throw std::runtime_error("bad request line in " + file.string());
  read.request.method = std::string(words[0]);
  read.request.target = std::string(words[1]);
  const std::string status_line = ReadMessage(all.substr(middle + kSeparator.size()),
                                              read.response.headers, read.response.body);
  read.response.status = std::stoi(status_line.substr(status_line.find(' ') + 1));
  return read;
}

// Every case of one API, in the order of their names: each builds on the state the former left.
inline std::vector<WireCase> ReadWireCases(const std::string& api) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(SourceFolder() + "/fixtures/wire/" + api)) {
    if (entry.path().extension() == ".http") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<WireCase> cases;
  for (const auto& file : files) cases.push_back(ReadWireCase(file));
  return cases;
}

inline WireCase FindWireCase(const std::string& name) {
  return ReadWireCase(SourceFolder() + "/fixtures/wire/" + name + ".http");
}

}  // namespace mg::test
