import { chunk, completion, document, DONE, json, stream, type Dialect } from "./shape.ts";

export const deepseek: Dialect = {
  provider: "DeepSeek",
  shapes: [
    {
      name: "blank lines, or comments, while the question waits",
      plain: document(
        `\n\n\n\n${completion(`{"role":"assistant","content":"Hi"}`)}`,
        "200 OK",
        "Content-Type: application/json",
      ),
      streamed: stream(
        ": keep-alive\n\n",
        ": keep-alive\n\n",
        chunk(`{"content":"Hi"}`),
        ": keep-alive\n\n",
        chunk(`{"content":""}`, '"stop"'),
        DONE,
      ),
      text: "Hi",
    },
    {
      name: "blank lines and then no answer",
      plain: document("\n\n\n\n", "200 OK", "Content-Type: application/json"),
      streamed: stream(": keep-alive\n\n", ": keep-alive\n\n"),
      error: "upstream_error",
      ai: "answer",
    },
    {
      name: "an answer that was cut for want of resources",
      plain: json(completion(`{"role":"assistant","content":"Hi"}`, '"insufficient_system_resource"')),
      streamed: stream(
        chunk(`{"content":"Hi"}`),
        chunk(`{"content":""}`, '"insufficient_system_resource"'),
        DONE,
      ),
      error: "upstream_error",
      ai: "server",
      log: /finish_reason insufficient_system_resource/,
    },
    {
      name: "an account without credit",
      plain: json(
        `{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}`,
        "402 Payment Required",
      ),
      error: "upstream_error",
      ai: "key",
      log: /402 \(unknown_error, invalid_request_error\): its account has no credit left; add some there; it says: Insufficient/,
    },
    {
      name: "a wrong key",
      plain: json(
        `{"error":{"message":"Authentication Fails, Your api key: ****1234 is invalid","type":"authentication_error","param":null,"code":"invalid_request_error"}}`,
        "401 Unauthorized",
      ),
      error: "upstream_error",
      ai: "key",
      log: /401 .*it refused the operator's API key/,
    },
    {
      name: "an overload in plain text",
      plain: document(
        "Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.",
        "503 Service Unavailable",
        "Content-Type: text/plain",
      ),
      error: "upstream_error",
      ai: "server",
      log: /503; it says: Service is too busy/,
      told: /Try again/,
    },
    {
      name: "a thought before the answer",
      plain: json(completion(`{"role":"assistant","content":"It is 2.","reasoning_content":"Hm, 1 + 1."}`)),
      streamed: stream(
        chunk(`{"role":"assistant","content":null,"reasoning_content":""}`),
        chunk(`{"content":null,"reasoning_content":"Hm,"}`),
        ": keep-alive\n\n",
        chunk(`{"content":null,"reasoning_content":" 1 + 1."}`),
        chunk(`{"content":"It is","reasoning_content":null}`),
        chunk(`{"content":" 2.","reasoning_content":null}`),
        chunk(`{"content":"","reasoning_content":null}`, '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
    {
      name: "a thought that used up the limit",
      plain: json(
        completion(`{"role":"assistant","content":"","reasoning_content":"Hm, 1 + 1."}`, '"length"'),
      ),
      streamed: stream(
        chunk(`{"content":null,"reasoning_content":"Hm, 1 + 1."}`),
        chunk(`{"content":"","reasoning_content":null}`, '"length"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      error: "upstream_error",
      ai: "answer",
      log: /no text but reasoning \(finish_reason length\)/,
      told: /its limit/,
    },
  ],
};
