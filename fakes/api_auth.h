// Who may call the v4 API: a bearer token, or a key with its email (wire/storage.md 1.3).
#pragma once
#include <optional>
#include <string_view>

#include "core/http/message.h"
#include "fakes/credentials.h"

namespace mg::fake {

inline constexpr const char* kUserEmail = "dev@example.test";

// The refusal when the headers hold no credentials of this account. `route` stands below
// /client/v4/: routes of the user say it in words of their own. The account's token is also taken
// as its user's key, with kUserEmail.
std::optional<Response> RefuseApiCredentials(const Credentials& credentials, const Headers& headers,
                                             std::string_view route);

}  // namespace mg::fake
