// The settings under which the gateway finds this process's fakes.
#pragma once
#include <string>

#include "core/config/profile.h"
#include "fakes/credentials.h"

namespace mg {

struct FakeAddresses {
  std::string api_origin;  // "http://127.0.0.1:8788"
  std::string s3_origin;
};

// Fills every binding of kind fake, and what a local run may take for granted (domain, operator).
void PointAtFakes(Profile& profile, const fake::Credentials& credentials, const FakeAddresses& at);

std::string FakeApiBase(const FakeAddresses& at);
std::string FakeAiGatewayBase(const FakeAddresses& at, const fake::Credentials& credentials);

}  // namespace mg
