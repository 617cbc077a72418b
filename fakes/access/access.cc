#include "fakes/access/access.h"

#include <utility>

#include "fakes/access/control_plane.h"
#include "fakes/access/core.h"

namespace mg::fake {

class Access::Impl {
 public:
  Impl(const Credentials& credentials, AccessSite site, Runtime& runtime, Random& random)
      : core(credentials, std::move(site), runtime, random) {}

  AccessCore core;
};

Access::Access(const Credentials& credentials, AccessSite site, Runtime& runtime, Random& random)
    : impl_(std::make_unique<Impl>(credentials, std::move(site), runtime, random)) {}
Access::~Access() = default;

Response Access::Handle(Request& request, CallNote& note, CancelToken&) {
  return AnswerTeamSite(impl_->core, request, note);
}

Response Access::Manage(Request& request, CallNote& note, const std::vector<std::string>& path) {
  return ManageAccess(impl_->core, request, note, path);
}

void Access::Reset() {
  impl_->core.Seed();
}

std::optional<Response> Access::Enter(Request& request, const std::string& address, CallNote& note,
                                      AccessPassage& passage, bool https) {
  AccessCore& core = impl_->core;
  if (https) core.https = true;
  if (request.Path().substr(0, kAccessPrefix.size()) == kAccessPrefix)
    return AnswerReserved(core, request, note);
  if (core.tokens.knobs().enforce) return EnforceAccess(core, request, address, note, passage);
  TranslateCredentials(core, request, passage);
  return std::nullopt;
}

std::string Access::MintToken(const Mint& mint) {
  return impl_->core.tokens.Make(mint);
}

std::string Access::CertsJson() const {
  return impl_->core.tokens.CertsJson();
}

std::string Access::IdentityJson(std::string_view token) const {
  return impl_->core.IdentityJson(token);
}

AccessKnobs Access::knobs() const {
  return impl_->core.tokens.knobs();
}

void Access::SetKnobs(const AccessKnobs& knobs) {
  impl_->core.tokens.SetKnobs(knobs);
}

void Access::Rotate() {
  impl_->core.tokens.Rotate();
}

void Access::DropPrevious() {
  impl_->core.tokens.DropPrevious();
}

std::vector<AccessVerdict> Access::Verdicts(std::uint64_t since) const {
  return impl_->core.verdicts.Since(since);
}

}  // namespace mg::fake
