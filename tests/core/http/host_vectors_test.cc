// Hosts of the web platform's URL tests (vectors/url) against ours (TEN-1, TEN-9). Every difference
// is deliberate and stands in kDifferences; one that is no longer there must go.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "core/base/json.h"
#include "core/http/host.h"

namespace mg {
namespace {

// Authority, and what a Host header of it names here: "" is refused.
const std::map<std::string, std::string> kDifferences = {
    // A host is letters, digits and inner hyphens in labels that are not empty (TEN-9).
    {"!\"$&'()*+,-.;=_`{}~", ""},
    {".", ""},
    {"..", ""},
    {"foo.09..", ""},
    {"xn--", ""},
    // In a Host header '%' is no escape: what it hides would be another host to the next reader.
    {"%30%78%63%30%2e%30%32%35%30.01", ""},
    {"%30%78%63%30%2e%30%32%35%30.01%2e", ""},
    {"%e2%98%83", ""},
    {"a%C2%ADb", ""},
    // The same address, spelt as inet_ntop(3) does; literals have no tenant anyhow (TEN-3).
    {"[0:0:0:0:0:0:13.1.68.3]", "[::13.1.68.3]"},
    {"[::127.0.0.1]", "[::127.0.0.1]"},
};

// The part of a URL between "//" and the path; empty when the row is about something else.
std::string AuthorityOf(const std::string& url) {
  for (const char* scheme : {"http://", "https://", "ws://", "wss://"}) {
    if (url.rfind(scheme, 0) != 0) continue;
    const std::size_t begin = std::string(scheme).size();
    const std::string authority = url.substr(begin, url.find_first_of("/?#\\", begin) - begin);
    // A user is no part of Host, and URL parsers drop these characters before they look.
    return authority.find_first_of("@\t\n\r") == std::string::npos ? authority : "";
  }
  return "";
}

Json Rows() {
  const char* source = std::getenv("MOLTGATE_SOURCE_DIR");
  const std::string folder = std::string(source == nullptr ? "." : source) + "/../shared/vectors/";
  std::stringstream text;
  text << std::ifstream(folder + "url/urltestdata.json").rdbuf();
  const auto rows = ParseJson(text.str());
  return rows ? *rows : Json();
}

std::string Ours(const std::string& authority) {
  const auto host = ParseHost(authority);
  return host ? host->name : "";
}

TEST(HostVectors, DifferFromBrowsersOnlyWhereTheyAreMeantTo) {
  const Json rows = Rows();
  if (rows.is_null()) GTEST_SKIP() << "no vectors";
  std::set<std::string> compared, differed;
  for (const Json& row : rows) {
    if (!row.is_object()) continue;
    const std::string authority = AuthorityOf(StringAt(row, "input"));
    if (authority.empty() || !compared.insert(authority).second) continue;
    std::string theirs = StringAt(row, "hostname");                    // "" when it is refused
    if (theirs.size() > 1 && theirs.back() == '.') theirs.pop_back();  // TEN-1
    const std::string ours = Ours(authority);
    const auto known = kDifferences.find(authority);
    if (known == kDifferences.end()) {
      EXPECT_EQ(ours, theirs) << authority;
      continue;
    }
    differed.insert(authority);
    EXPECT_EQ(ours, known->second) << authority;
    EXPECT_NE(ours, theirs) << authority << " is no difference any more";
  }
  EXPECT_GT(compared.size(), 200u);
  EXPECT_EQ(differed.size(), kDifferences.size());
}

}  // namespace
}  // namespace mg
