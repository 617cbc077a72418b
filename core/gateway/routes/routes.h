// What the gateway itself answers, one function a route.
#pragma once
#include "core/gateway/exchange.h"
#include "core/gateway/services.h"
#include "core/http/message.h"

namespace mg {

Response AnswerHealth(Exchange& exchange, Services& services);
Response AnswerStatus(Exchange& exchange, Services& services);
Response AnswerChat(Exchange& exchange, Services& services);
Response AnswerModelList(Exchange& exchange, Services& services);
Response AnswerAgent(Exchange& exchange, Services& services);  // everything that is the agent's

// Admin API (INTERFACES "Admin API").
Response AdminListTenants(Exchange& exchange, Services& services);
Response AdminCreateTenant(Exchange& exchange, Services& services);
Response AdminGetTenant(Exchange& exchange, Services& services);
Response AdminPatchTenant(Exchange& exchange, Services& services);
Response AdminDeleteTenant(Exchange& exchange, Services& services);
Response AdminPutDomain(Exchange& exchange, Services& services);
Response AdminDeleteDomain(Exchange& exchange, Services& services);
Response AdminListMembers(Exchange& exchange, Services& services);
Response AdminPutMember(Exchange& exchange, Services& services);
Response AdminDeleteMember(Exchange& exchange, Services& services);
Response AdminListKeys(Exchange& exchange, Services& services);
Response AdminCreateKey(Exchange& exchange, Services& services);
Response AdminRevokeKey(Exchange& exchange, Services& services);
Response AdminRouting(Exchange& exchange, Services& services);
Response AdminSandbox(Exchange& exchange, Services& services);
Response AdminSandboxAction(Exchange& exchange, Services& services);
Response AdminSandboxLogs(Exchange& exchange, Services& services);
Response AdminUsage(Exchange& exchange, Services& services);
Response AdminModels(Exchange& exchange, Services& services);
Response AdminPutModels(Exchange& exchange, Services& services);
Response AdminAudit(Exchange& exchange, Services& services);

}  // namespace mg
