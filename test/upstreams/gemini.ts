import { chunk, completion, data, json, stream, type Dialect } from "./shape.ts";

export const gemini: Dialect = {
  provider: "Gemini's endpoint for OpenAI's API",
  path: "/v1beta/openai",
  shapes: [
    {
      name: "a stream without [DONE]",
      plain: json(completion(`{"content":"Hey there!","role":"assistant"}`)),
      streamed: stream(
        data(
          `{"choices":[{"delta":{"content":"Hey","role":"assistant"},"index":0}],"created":1,"id":"c1","model":"m","object":"chat.completion.chunk"}`,
        ),
        data(
          `{"choices":[{"delta":{"content":" there!","role":"assistant"},"finish_reason":"stop","index":0}],"created":1,"id":"c1","model":"m","object":"chat.completion.chunk"}`,
        ),
      ),
      text: "Hey there!",
    },
    {
      name: "a finish reason in every chunk",
      streamed: stream(
        chunk(`{"content":"Hey"}`, '"stop"'),
        chunk(`{"content":" there"}`, '"stop"'),
        chunk(`{"content":"!"}`, '"stop"'),
      ),
      text: "Hey there!",
    },
    {
      name: "an empty answer, whose thoughts used up its limit",
      plain: json(
        `{"choices":[{"finish_reason":"length","index":0,"message":{"role":"assistant"}}],"usage":{"completion_tokens":0,"total_tokens":1000}}`,
      ),
      streamed: stream(
        data(`{"choices":[{"delta":{"role":"assistant"},"finish_reason":"length","index":0}]}`),
      ),
      error: "upstream_error",
      ai: "answer",
      told: /its limit/,
    },
    {
      name: "a safety filter in the middle of an answer",
      plain: json(completion(`{"role":"assistant","content":"Hey"}`, '"content_filter: SAFETY"')),
      streamed: stream(chunk(`{"content":"Hey"}`), chunk("{}", '"content_filter: SAFETY"')),
      text: "Hey",
      finish: "content_filter",
    },
    {
      name: "a safety filter, with its name behind the finish reason",
      plain: json(completion(`{"role":"assistant"}`, '"content_filter: SAFETY"')),
      streamed: stream(chunk("{}", '"content_filter: SAFETY"')),
      error: "upstream_error",
      ai: "refused",
      told: /content filter/,
    },
    {
      name: "a wrong key, as a list of one error",
      plain: json(
        `[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]`,
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "key",
      log: /400: it refused the operator's API key; it says: API key not valid/,
      told: /refused this server/,
    },
    {
      name: "too many questions, as a list of one error",
      plain: json(
        `[{"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"37s"}]}}]`,
        "429 Too Many Requests",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      log: /429; it says: You exceeded your current quota/,
      told: /busy/,
    },
    {
      name: "a list of one error, inside a 200",
      plain: json(`[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]`),
      streamed: stream(
        data(`[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]`),
      ),
      error: "upstream_error",
      ai: "server",
      log: /503 inside a reply with status 200; it says: The model is overloaded/,
    },
    {
      name: "an overload",
      plain: json(
        `[{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]`,
        "503 Service Unavailable",
      ),
      error: "upstream_error",
      ai: "server",
      log: /503; it says: The model is overloaded/,
      told: /Try again/,
    },
    {
      name: "a thought in tags of its own",
      plain: json(
        completion(
          `{"content":"<thought>Hm, 1 + 1.\\n</thought>It is 2.","extra_content":{"google":{"thought":true}},"role":"assistant"}`,
        ),
      ),
      streamed: stream(
        chunk(`{"content":"<thought>Hm,","extra_content":{"google":{"thought":true}},"role":"assistant"}`),
        chunk(`{"content":" 1 + 1.\\n","extra_content":{"google":{"thought":true}},"role":"assistant"}`),
        chunk(`{"content":"</thought>It is","role":"assistant"}`),
        chunk(`{"content":" 2.","role":"assistant"}`, '"stop"'),
      ),
      reasoning: "Hm, 1 + 1.\n",
      text: "It is 2.",
    },
  ],
};
