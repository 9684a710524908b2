import { chunk, completion, data, DONE, json, stream, type Dialect } from "./shape.ts";

export const groq: Dialect = {
  provider: "Groq",
  shapes: [
    {
      name: "x_groq in the first and the last chunk",
      plain: json(
        completion(`{"role":"assistant","content":"Hi"}`).replace(
          '"usage"',
          '"x_groq":{"id":"req_1"},"usage"',
        ),
      ),
      streamed: stream(
        data(
          `{"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"x_groq":{"id":"req_1"}}`,
        ),
        chunk(`{"content":"Hi"}`),
        data(
          `{"id":"c1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"total_tokens":11}}}`,
        ),
        DONE,
      ),
      text: "Hi",
    },
    {
      name: "an error in x_groq, in place of a finish reason",
      streamed: stream(
        chunk(`{"content":"Hi"}`),
        data(
          `{"id":"c1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":null}],"x_groq":{"id":"req_1","error":"over capacity"}}`,
        ),
        DONE,
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer; it says: over capacity/,
    },
    {
      name: "an error event that nests its error twice",
      streamed: stream(
        chunk(`{"content":"Hi"}`),
        `event: error\ndata: {"error":{"error":{"message":"m is currently over capacity.","type":"internal_server_error"}}}\n\n`,
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer; it says: .*over capacity/,
    },
    {
      name: "a limit a day",
      plain: json(
        `{"error":{"message":"Rate limit reached for model m on tokens per day (TPD): Limit 100000. Please try again in 13m8s.","type":"tokens","code":"rate_limit_exceeded"}}`,
        "429 Too Many Requests",
        "retry-after: 788",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      retryAfter: 60,
      log: /429 \(tokens, rate_limit_exceeded\); it says: Rate limit reached/,
    },
    {
      name: "its own status 498 for a full flex tier",
      plain: json(
        `{"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded"}}`,
        "498 Capacity Exceeded",
      ),
      error: "upstream_error",
      ai: "server",
      log: /498 \(capacity_exceeded\)/,
    },
    {
      name: "a request that is too large",
      plain: json(
        `{"error":{"message":"Request too large for model m on tokens per minute (TPM)","type":"tokens","code":"rate_limit_exceeded"}}`,
        "413 Payload Too Large",
      ),
      error: "upstream_error",
      ai: "refused",
      told: /start a new conversation/,
    },
    {
      name: "a thought before the answer",
      plain: json(completion(`{"role":"assistant","content":"It is 2.","reasoning":"Hm, 1 + 1."}`)),
      streamed: stream(
        chunk(`{"role":"assistant","content":""}`),
        chunk(`{"channel":"analysis","reasoning":"Hm,"}`),
        chunk(`{"channel":"analysis","reasoning":" 1 + 1."}`),
        chunk(`{"content":"It is 2."}`),
        chunk("{}", '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
  ],
};
