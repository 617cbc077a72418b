// The settings under which the gateway finds this process's fakes.
#pragma once
#include <string>
#include <string_view>

#include "core/config/profile.h"
#include "fakes/credentials.h"

namespace mg::fake {

// Who is there from the start.
inline constexpr std::string_view kDemoSlug = "demo";
inline constexpr std::string_view kDemoMember = "dev@moltgate.test";
inline constexpr std::string_view kDemoOperator = "operator@moltgate.test";

struct FakeAddresses {
  std::string api_origin;  // "http://127.0.0.1:8788"
  std::string s3_origin;
};

// Fills every binding of kind fake, and what a local run may take for granted (domain, operator).
void PointAtFakes(Profile& profile, const Credentials& credentials, const FakeAddresses& at);

std::string FakeApiBase(const FakeAddresses& at);
std::string FakeAiGatewayBase(const FakeAddresses& at, const Credentials& credentials);

}  // namespace mg::fake
