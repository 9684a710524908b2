import { chunk, completion, data, document, DONE, json, stream, type Dialect } from "./shape.ts";

const PROCESSING = ": OPENROUTER PROCESSING\n\n";

export const openrouter: Dialect = {
  provider: "OpenRouter",
  path: "/api/v1",
  shapes: [
    {
      name: "comments before and between chunks",
      plain: document(
        `\n         \n\n         \n${completion(`{"role":"assistant","content":"Hi there"}`)}`,
        "200 OK",
        "Content-Type: application/json",
      ),
      streamed: stream(
        PROCESSING,
        PROCESSING,
        chunk(`{"role":"assistant","content":"Hi"}`),
        PROCESSING,
        chunk(`{"content":" there"}`),
        data(
          `{"id":"gen-1","provider":"P","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"STOP"}]}`,
        ),
        DONE,
      ),
      text: "Hi there",
    },
    {
      name: "an error in the middle, beside a choice with the finish reason error",
      streamed: stream(
        PROCESSING,
        chunk(`{"content":"Hi"}`),
        data(
          `{"id":"gen-1","error":{"code":"server_error","message":"Provider disconnected unexpectedly"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`,
        ),
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer \(server_error\); it says: Provider disconnected/,
    },
    {
      name: "an error in the choice",
      plain: json(
        `{"id":"gen-1","choices":[{"index":0,"error":{"code":502,"message":"Upstream error"},"finish_reason":"error","message":{"role":"assistant","content":"Hi"}}]}`,
      ),
      streamed: stream(
        data(
          `{"id":"gen-1","choices":[{"index":0,"error":{"code":502,"message":"Upstream error"},"finish_reason":"error","delta":{"content":""}}]}`,
        ),
      ),
      error: "upstream_error",
      ai: "server",
      log: /502 inside a reply with status 200; it says: Upstream error/,
    },
    {
      name: "no credit, inside a 200",
      plain: json(`{"error":{"code":402,"message":"Insufficient credits"},"user_id":"u1"}`),
      streamed: stream(
        PROCESSING,
        data(`{"error":{"code":402,"message":"Insufficient credits"},"user_id":"u1"}`),
      ),
      error: "upstream_error",
      ai: "key",
      log: /402 inside a reply with status 200: its account has no credit left; add some there; it says: Insufficient/,
    },
    {
      name: "no credit",
      plain: json(
        `{"error":{"code":402,"message":"This request requires more credits, or fewer max_tokens."}}`,
        "402 Payment Required",
      ),
      error: "upstream_error",
      ai: "key",
      log: /402: its account has no credit left/,
    },
    {
      name: "a provider's limit, inside a 200",
      plain: json(
        `{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"m is temporarily rate-limited upstream","provider_name":"P"}}}`,
      ),
      streamed: stream(
        PROCESSING,
        data(`{"error":{"message":"Provider returned error","code":429,"metadata":{"provider_name":"P"}}}`),
      ),
      error: "upstream_unavailable",
      ai: "limit",
      log: /429 inside a reply with status 200; it says: Provider returned error/,
      told: /busy/,
    },
    {
      name: "a question that moderation refused",
      plain: json(
        `{"error":{"code":403,"message":"Input was flagged","metadata":{"reasons":["violence"],"flagged_input":"…"}}}`,
        "403 Forbidden",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /403; it says: Input was flagged/,
      told: /in other words/,
    },
    {
      name: "no provider for the model",
      plain: json(
        `{"error":{"code":503,"message":"No available model provider meets your routing requirements"}}`,
        "503 Service Unavailable",
      ),
      error: "upstream_error",
      ai: "server",
      log: /503; it says: No available model provider/,
    },
    {
      name: "comments and then nothing",
      streamed: stream(PROCESSING, PROCESSING, PROCESSING),
      error: "upstream_error",
      ai: "answer",
    },
    {
      name: "a thought before the answer, twice in each chunk",
      plain: json(
        completion(
          `{"role":"assistant","content":"It is 2.","refusal":null,"reasoning":"Hm, 1 + 1.","reasoning_details":[{"type":"reasoning.text","text":"Hm, 1 + 1.","format":"unknown","index":0}]}`,
        ),
      ),
      streamed: stream(
        PROCESSING,
        chunk(
          `{"role":"assistant","content":"","reasoning":"Hm,","reasoning_details":[{"type":"reasoning.text","text":"Hm,","format":"unknown","index":0}]}`,
        ),
        chunk(
          `{"role":"assistant","content":"","reasoning":" 1 + 1.","reasoning_details":[{"type":"reasoning.text","text":" 1 + 1.","format":"unknown","index":0}]}`,
        ),
        PROCESSING,
        chunk(`{"role":"assistant","content":"It is 2.","reasoning":null,"reasoning_details":[]}`),
        chunk(`{"role":"assistant","content":"","reasoning":null}`, '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
    {
      name: "an error in the middle of a thought",
      streamed: stream(
        chunk(`{"role":"assistant","content":"","reasoning":"Hm,"}`),
        data(
          `{"id":"gen-1","error":{"code":429,"message":"Rate limited"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`,
        ),
      ),
      reasoning: "Hm,",
      error: "upstream_unavailable",
      ai: "limit",
      log: /429 inside a reply with status 200; it says: Rate limited/,
    },
  ],
};
