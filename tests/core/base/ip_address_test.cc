#include "core/base/ip_address.h"

#include <gtest/gtest.h>

namespace mg {
namespace {

TEST(IpAddress, KnowsWhichNetworkAnAddressIsIn) {
  EXPECT_TRUE(CidrContains("10.1.0.0/15", "10.0.255.1"));
  EXPECT_FALSE(CidrContains("10.2.0.0/15", "10.1.255.1"));
  EXPECT_TRUE(CidrContains("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(CidrContains("10.0.0.0/8", "2001:db8::1"));
  EXPECT_FALSE(CidrContains("10.0.0.0/33", "10.0.0.1"));
  EXPECT_FALSE(CidrContains("", "10.0.0.1"));
}

TEST(IpAddress, CountsAnIpv6ClientByIts64AndAnIpv4OneAlone) {
  EXPECT_EQ(ClientNetwork("2001:db8::1"), ClientNetwork("2001:db8:0:0:ffff::2"));
  EXPECT_NE(ClientNetwork("2001:db8::1"), ClientNetwork("2001:db8:0:1::1"));
  EXPECT_NE(ClientNetwork("10.0.0.1"), ClientNetwork("10.0.0.2"));
  EXPECT_EQ(ClientNetwork("::ffff:10.0.0.1"), ClientNetwork("10.0.0.1"));
  EXPECT_EQ(ClientNetwork("somebody"), "somebody");
}

TEST(IpAddress, TellsAnAddressFromAnyOtherText) {
  for (const char* text : {"127.0.0.1", "::1", "::ffff:1.2.3.4"}) EXPECT_TRUE(IsIpAddress(text));
  for (const char* text : {"", "1.2.3", "[::1]", "fe80::1%eth0", "example.com"})
    EXPECT_FALSE(IsIpAddress(text)) << text;
}

}  // namespace
}  // namespace mg
