// What the codec costs per request: targets are under 300 ns for a browser's head of 300 bytes, and
// body decoding at memory speed.
#include <benchmark/benchmark.h>

#include <string>

#include "core/http/wire.h"

namespace mg::wire {
namespace {

constexpr std::string_view kRequestHead =
    "POST /v1/chat/completions?stream=true HTTP/1.1\r\n"
    "Host: acme.localhost:8787\r\n"
    "User-Agent: OpenAI/JS 6.49.0\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "Authorization: Bearer mk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Connection: keep-alive\r\n"
    "Content-Length: 300\r\n\r\n";

constexpr std::string_view kResponseHead =
    "HTTP/1.1 200 OK\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Transfer-Encoding: chunked\r\n"
    "Connection: keep-alive\r\n"
    "cf-ray: 0123456789abcdef-AMS\r\n"
    "Server: cloudflare\r\n\r\n";

void ParsesARequestHead(benchmark::State& state) {
  RequestHead head;
  Refused refused;
  std::size_t consumed = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ParseRequestHead(kRequestHead, Limits{}, head, consumed, refused));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kRequestHead.size()));
}
BENCHMARK(ParsesARequestHead);

void ParsesAnIncompleteRequestHead(benchmark::State& state) {
  RequestHead head;
  Refused refused;
  std::size_t consumed = 0;
  const std::string_view cut = kRequestHead.substr(0, kRequestHead.size() - 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ParseRequestHead(cut, Limits{}, head, consumed, refused));
  }
}
BENCHMARK(ParsesAnIncompleteRequestHead);

void ParsesAResponseHead(benchmark::State& state) {
  ResponseHead head;
  Refused refused;
  std::size_t consumed = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ParseResponseHead(kResponseHead, "POST", Limits{}, head, consumed, refused));
  }
}
BENCHMARK(ParsesAResponseHead);

void WritesAResponseHead(benchmark::State& state) {
  Response response = JsonResponse(200, std::string(300, 'x'));
  response.headers.Add("x-request-id", "0123456789abcdef");
  for (auto _ : state) {
    benchmark::DoNotOptimize(ResponseHeadText(response, "POST", false, true));
  }
}
BENCHMARK(WritesAResponseHead);

// The argument is the size of a chunk; the body is a megabyte.
void DecodesAChunkedBody(benchmark::State& state) {
  constexpr std::size_t kBodyBytes = 1 << 20;
  const std::string chunk = ChunkText(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  std::string body;
  while (body.size() < kBodyBytes) body += chunk;
  body += kLastChunk;
  std::string out;
  for (auto _ : state) {
    BodyDecoder decoder(Framing::kChunked, 0);
    out.clear();
    decoder.Decode(body, out);
    if (!decoder.done()) state.SkipWithError("the body did not end");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(DecodesAChunkedBody)->Arg(16)->Arg(256)->Arg(16 * 1024);

void DecodesABodyOfKnownLength(benchmark::State& state) {
  const std::string body(1 << 20, 'x');
  std::string out;
  for (auto _ : state) {
    BodyDecoder decoder(Framing::kLength, body.size());
    out.clear();
    decoder.Decode(body, out);
    if (!decoder.done()) state.SkipWithError("the body did not end");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(DecodesABodyOfKnownLength);

}  // namespace
}  // namespace mg::wire

BENCHMARK_MAIN();
