#include "fakes/ai/control.h"

#include <filesystem>

namespace mg::fake {
namespace {

std::string FileIn(const std::string& folder, const char* name) {
  if (folder.empty()) return "";
  std::filesystem::create_directories(folder);
  return folder + "/" + name;
}

}  // namespace

AiControl::AiControl(const Credentials& credentials, const std::string& folder, Runtime& runtime,
                     Random& random)
    : documents(FileIn(folder, "ai.sqlite")),
      gateways(credentials.ai_gateway_id, documents, runtime),
      routes(documents, runtime, random),
      providers(documents),
      logs(FileIn(folder, "ai_logs.sqlite"), runtime),
      limits(runtime, random) {}

void AiControl::ForgetGateway(const std::string& id) {
  routes.Forget(id);
  providers.Forget(id);
  logs.Forget(id);
  cache.Forget(id);
  limits.Forget(id);
}

void AiControl::Reset() {
  documents.Clear();
  gateways.Reset();
  routes.Reset();
  providers.Reset();
  logs.Reset();
  cache.Reset();
  limits.Reset();
}

}  // namespace mg::fake
