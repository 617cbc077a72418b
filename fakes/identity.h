// The routes of the v4 API that say who calls: wrangler asks them before and after anything else
// (wire/storage.md 1.4).
#pragma once
#include <optional>

#include "fakes/credentials.h"
#include "fakes/routes.h"
#include "fakes/service.h"

namespace mg::fake {

// nullopt when the path is none of them. Authentication is the caller's.
std::optional<Response> AnswerIdentity(const Credentials& credentials, const Request& request,
                                       CallNote& note);

FakeOperations IdentityOperations();

}  // namespace mg::fake
