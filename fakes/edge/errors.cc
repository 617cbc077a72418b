#include "fakes/edge/errors.h"

#include <algorithm>
#include <iterator>

#include "fakes/edge/settings.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kLater = kOriginRetrySeconds;

// Spellings of names and categories are UNCONFIRMED, but for rate_limited and rate_limit.
constexpr EdgeError kErrors[] = {
    {500, 500, "internal_error", "origin", "Internal server error",
     "An internal error kept this request from being answered.", kLater, true},
    {502, 502, "bad_gateway", "origin", "Bad gateway", "The web server reported a bad gateway.",
     kLater, true},
    {504, 504, "gateway_timeout", "origin", "Gateway time-out",
     "The web server reported a gateway time-out.", kLater, true},
    {520, 520, "unknown_error", "origin", "Web server is returning an unknown error",
     "The web server sent an empty, unknown or unexpected answer.", kLater, true},
    {521, 521, "web_server_down", "origin", "Web server is down",
     "The web server refused the connection.", kLater, true},
    {522, 522, "connection_timed_out", "origin", "Connection timed out",
     "The web server did not accept a connection in time.", kLater, true},
    {523, 523, "origin_unreachable", "origin", "Origin is unreachable",
     "The web server cannot be reached.", kLater, true},
    {524, 524, "timeout_occurred", "origin", "A timeout occurred",
     "The web server accepted the request and did not answer in time.", kLater, true},
    {525, 525, "ssl_handshake_failed", "origin", "SSL handshake failed",
     "No SSL connection to the web server could be made.", 0, true},
    {526, 526, "invalid_ssl_certificate", "origin", "Invalid SSL certificate",
     "The web server's certificate is not valid.", 0, true},
    {530, 530, "origin_error", "dns", "Origin error", "The web server cannot be found.", 0, true},
    {1001, 409, "dns_resolution_error", "dns", "DNS resolution error",
     "This host could not be resolved.", 0, true},
    {1003, 403, "direct_ip_access", "access_denied", "Direct IP access not allowed",
     "Use the name of the site, not its address.", 0, false},
    {1004, 403, "host_not_configured", "dns", "Host not configured to serve web traffic",
     "This host serves no web traffic yet.", 120, true},
    {1005, 403, "asn_banned", "access_denied", "Access denied",
     "The owner of this site has banned your network.", 120, false},
    {1006, 403, "ip_banned", "access_denied", "Access denied",
     "The owner of this site has banned your address.", 0, false},
    {1007, 403, "ip_banned", "access_denied", "Access denied",
     "The owner of this site has banned your address.", 0, false},
    {1008, 403, "ip_banned", "access_denied", "Access denied",
     "The owner of this site has banned your address.", 0, false},
    {1009, 403, "country_banned", "access_denied", "Access denied",
     "The owner of this site has banned your country.", 0, false},
    {1010, 403, "browser_signature_banned", "access_denied", "Access denied",
     "The owner of this site has banned your client by its signature.", 0, false},
    {1015, 429, "rate_limited", "rate_limit", "You are being rate limited",
     "The owner of this site has temporarily banned you from it.", 30, false},
    {1016, 530, "origin_dns_error", "dns", "Origin DNS error",
     "The origin of this host could not be resolved.", 0, true},
    {1019, 508, "worker_loop", "worker", "Compute server error",
     "The request has passed through here too often.", 0, true},
    {1020, 403, "firewall_rule", "access_denied", "Access denied",
     "This site protects itself from online attacks.", 0, false},
    {1021, 500, "worker_host_unreachable", "worker", "Requested host cannot be reached",
     "The Worker may not reach this host.", 0, true},
    {1022, 500, "worker_host_not_routed", "worker", "Requested host cannot be reached",
     "The Worker may not reach this host.", 0, true},
    {1024, 500, "worker_host_is_cloudflare", "worker", "Requested host cannot be reached",
     "The Worker may not reach this address.", 0, true},
    {1027, 429, "worker_daily_limit", "worker", "Too many requests",
     "This site has used up its requests of today.", 0, true},
    {1033, 530, "tunnel_down", "dns", "Cloudflare Tunnel error",
     "The tunnel of this host is not connected.", 120, true},
    {1038, 413, "headers_too_large", "request", "HTTP headers limit exceeded",
     "The request's headers are too large.", 60, false},
    {1042, 500, "worker_same_zone", "worker", "Requested host cannot be reached",
     "A Worker of the same zone cannot be fetched.", 0, true},
    {1101, 500, "worker_exception", "worker", "Worker threw exception",
     "An exception in this site's Worker kept it from answering.", 0, true},
    {1102, 503, "worker_exceeded_resources", "worker", "Worker exceeded resource limits",
     "This site's Worker used more time or memory than it may.", 0, true},
    {1103, 500, "worker_platform_error", "worker", "Worker could not be run",
     "The Workers platform could not answer.", 0, true},
    {1200, 503, "cache_connection_limit", "rate_limit", "Cache connection limit",
     "Too many requests for this site are waiting.", 60, false},
    {1205, 403, "too_many_redirects", "request", "Too many redirects",
     "The request was redirected too often.", 5, false},
};

}  // namespace

EdgeError EdgeErrorOf(int code) {
  const auto* found = std::find_if(std::begin(kErrors), std::end(kErrors),
                                   [&](const EdgeError& error) { return error.code == code; });
  if (found != std::end(kErrors)) return *found;
  EdgeError general = *std::find_if(std::begin(kErrors), std::end(kErrors),
                                    [](const EdgeError& error) { return error.code == 500; });
  general.code = code;
  if (code >= 400 && code <= 599) general.status = code;
  return general;
}

}  // namespace mg::fake
