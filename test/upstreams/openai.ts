import { chunk, completion, cutStream, data, DONE, json, stream, type Dialect } from "./shape.ts";

const HELLO = completion(`{"role":"assistant","content":"Hello, Jane!","refusal":null,"annotations":[]}`);
const PIECES = [
  chunk(`{"role":"assistant","content":"","refusal":null}`),
  chunk(`{"content":"Hello"}`),
  chunk(`{"content":", Jane!"}`),
];
const error = (message: string, type: string, code: string) =>
  `{\n  "error": {\n    "message": "${message}",\n    "type": "${type}",\n    "param": null,\n    "code": ${code}\n  }\n}\n`;

export const openai: Dialect = {
  provider: "OpenAI",
  shapes: [
    {
      name: "an answer",
      plain: json(HELLO),
      streamed: stream(...PIECES, chunk("{}", '"stop"'), DONE),
      text: "Hello, Jane!",
      finish: "stop",
    },
    {
      name: "the usage in a last chunk without choices",
      streamed: stream(
        ...PIECES,
        chunk("{}", '"stop"'),
        data(
          `{"id":"c1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`,
        ),
        DONE,
      ),
      text: "Hello, Jane!",
    },
    {
      name: "random letters against observers of lengths",
      streamed: stream(
        data(
          `{"id":"c1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"obfuscation":"kU3x0aZ"}`,
        ),
        data(`{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"obfuscation":"q"}`),
        DONE,
      ),
      text: "Hi",
    },
    {
      name: "characters split between bytes and between chunks",
      plain: json(completion(String.raw`{"role":"assistant","content":"Grüße \ud83d\udc4b 日本"}`)),
      streamed: stream(
        chunk(`{"content":"Grüße "}`),
        chunk(String.raw`{"content":"\ud83d"}`),
        chunk(String.raw`{"content":"\udc4b 日"}`),
        chunk(`{"content":"本"}`, '"stop"'),
        DONE,
      ),
      text: "Grüße 👋 日本",
    },
    {
      name: "an answer that its limit cut",
      plain: json(completion(`{"role":"assistant","content":"Once upon a"}`, '"length"')),
      streamed: stream(chunk(`{"content":"Once upon a"}`), chunk("{}", '"length"'), DONE),
      text: "Once upon a",
      finish: "length",
    },
    {
      name: "a limit that was reached before any text",
      plain: json(completion(`{"role":"assistant","content":""}`, '"length"')),
      streamed: stream(chunk(`{"role":"assistant","content":""}`), chunk("{}", '"length"'), DONE),
      error: "upstream_error",
      ai: "answer",
      log: /no text \(finish_reason length\)/,
      told: /its limit/,
    },
    {
      name: "a refusal instead of content",
      plain: json(completion(`{"role":"assistant","content":null,"refusal":"I can't help with that."}`)),
      streamed: stream(
        chunk(`{"role":"assistant","content":null,"refusal":""}`),
        chunk(`{"refusal":"I can't help"}`),
        chunk(`{"refusal":" with that."}`),
        chunk("{}", '"stop"'),
        DONE,
      ),
      text: "I can't help with that.",
    },
    {
      name: "a call of a tool",
      plain: json(
        completion(
          `{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}}]}`,
          '"tool_calls"',
        ),
      ),
      streamed: stream(
        chunk(
          `{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]}`,
        ),
        chunk(`{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}`),
        chunk("{}", '"tool_calls"'),
        DONE,
      ),
      error: "upstream_error",
      ai: "answer",
      told: /call a tool/,
    },
    {
      name: "a stream that breaks",
      streamed: cutStream(...PIECES),
      error: "upstream_error",
      ai: "connection",
      log: /cut off/,
    },
    {
      name: "a stream that ends without a finish reason",
      streamed: stream(...PIECES),
      error: "upstream_error",
      ai: "answer",
      log: /without a finish_reason or \[DONE\]/,
    },
    {
      name: "a document that breaks",
      plain: json(HELLO).subarray(0, -20),
      error: "upstream_error",
      ai: "connection",
      log: /cut off/,
    },
    {
      name: "an overload in the middle of a stream",
      streamed: stream(
        ...PIECES,
        data(
          `{"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}`,
        ),
      ),
      error: "upstream_error",
      ai: "server",
      log: /reported an error inside its answer \(server_error\); it says: The server had an error/,
    },
    {
      name: "a wrong key",
      plain: json(
        error("Incorrect API key provided: sk-abc****wxyz.", "invalid_request_error", '"invalid_api_key"'),
        "401 Unauthorized",
      ),
      error: "upstream_error",
      ai: "key",
      log: /^the upstream answered 401 \(invalid_request_error, invalid_api_key\): it refused the operator's API key; it says: Incorrect/,
      told: /refused this server/,
    },
    {
      name: "an account without credit",
      plain: json(
        error(
          "You exceeded your current quota, please check your plan and billing details.",
          "insufficient_quota",
          '"insufficient_quota"',
        ),
        "429 Too Many Requests",
      ),
      error: "upstream_error",
      ai: "key",
      log: /no credit left; add some there/,
      told: /Tell whoever runs it/,
    },
    {
      name: "too many questions a minute, with seconds",
      plain: json(
        error("Rate limit reached for requests", "requests", '"rate_limit_exceeded"'),
        "429 Too Many Requests",
        "Retry-After: 7",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      retryAfter: 7,
      told: /busy/,
    },
    {
      name: "too many questions a minute, with a date far away",
      plain: json(
        error("Rate limit reached for requests", "requests", '"rate_limit_exceeded"'),
        "429 Too Many Requests",
        "Retry-After: Fri, 31 Dec 2199 23:59:59 GMT",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      retryAfter: 60,
    },
    {
      name: "too many questions a minute, with a date that is past",
      plain: json(
        error("Slow down", "requests", "null"),
        "429 Too Many Requests",
        "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      retryAfter: 1,
    },
    {
      name: "a conversation that is too long",
      plain: json(
        error(
          "This model's maximum context length is 8192 tokens.",
          "invalid_request_error",
          '"context_length_exceeded"',
        ),
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /400 \(invalid_request_error, context_length_exceeded\)/,
      told: /start a new conversation/,
    },
    {
      name: "an unknown model",
      plain: json(
        error(
          "The model 'm' does not exist or you do not have access to it.",
          "invalid_request_error",
          '"model_not_found"',
        ),
        "404 Not Found",
      ),
      error: "upstream_error",
      ai: "model",
      log: /404 .*it does not know the model/,
    },
    {
      name: "an overload",
      plain: json(
        error("The engine is currently overloaded, please try again later", "server_error", "null"),
        "503 Service Unavailable",
        "Retry-After: 2",
      ),
      error: "upstream_unavailable",
      ai: "server",
      retryAfter: 2,
    },
  ],
};
