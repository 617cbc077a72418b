// Scenarios against a deployment: what needs no lever, under a cap of requests, with tenants of a
// prefix of their own that are deleted again, which is verified.
#pragma once
#include <string>

#include "core/base/result.h"
#include "core/config/profile.h"
#include "scenarios/run/target.h"

namespace mg {

// `url` is the gateway's origin. From the environment: MOLTGATE_APP_DOMAIN and
// MOLTGATE_OPERATOR_HOST (default: the URL's host, and "admin." before it), MOLTGATE_OPERATOR and
// MOLTGATE_OPERATOR_TOKEN (who may make tenants, and their Access token).
// Errors: kInvalid, naming what is wrong or missing.
Result<scenario::MakeTarget> MakeUrlTargets(const std::string& url, int max_requests,
                                            const EnvironmentVariables& environment);

}  // namespace mg
