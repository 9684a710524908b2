import { chunk, completion, data, DONE, json, stream, type Dialect } from "./shape.ts";

export const lmStudio: Dialect = {
  provider: "LM Studio",
  shapes: [
    {
      name: "an answer with statistics",
      plain: json(
        `{"id":"c1","object":"chat.completion","choices":[{"index":0,"logprobs":null,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"stats":{},"system_fingerprint":"m"}`,
      ),
      streamed: stream(
        data(
          `{"id":"c1","system_fingerprint":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"logprobs":null,"finish_reason":null}]}`,
        ),
        chunk("{}", '"stop"'),
        DONE,
      ),
      text: "Hi",
    },
    {
      name: "no text at all where the context is full",
      plain: json(completion(`{"role":"assistant","content":""}`)),
      streamed: stream(chunk("{}", '"stop"'), DONE),
      error: "upstream_error",
      ai: "answer",
      told: /empty answer/,
    },
    {
      name: "an event named error",
      streamed: stream(
        `event: error\ndata: {"error":{"message":"Trying to keep the first 9000 tokens when context overflows."},"message":"Trying to keep the first 9000 tokens when context overflows."}\n\n`,
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer; it says: Trying to keep/,
      told: /The AI failed/,
    },
    {
      name: "a model that crashed, as a sentence",
      plain: json(
        `{"error":"The model has crashed without additional information. (Exit code: 6)"}`,
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /it says: The model has crashed/,
    },
    {
      name: "a model that crashed in the middle of an answer, as a sentence",
      streamed: stream(
        chunk(`{"content":"Hi"}`),
        `event: error\ndata: {"error":"The model has crashed without additional information."}\n\n`,
      ),
      error: "upstream_error",
      ai: "server",
      log: /it says: The model has crashed/,
    },
    {
      name: "no model that is loaded",
      plain: json(
        `{"error":{"message":"No models loaded. Please load a model in the developer page.","type":"invalid_request_error","param":"model","code":"model_not_found"}}`,
        "404 Not Found",
      ),
      error: "upstream_error",
      ai: "model",
      log: /404 .*it says: No models loaded/,
    },
  ],
};

export const lmStudioRoot: Dialect = {
  provider: "LM Studio without /v1",
  path: "",
  shapes: [
    {
      name: "200 with its only error",
      plain: json(`{"error":"Unexpected endpoint or method. (POST /chat/completions)"}`),
      error: "upstream_error",
      ai: "server",
      log: /the base URL may be wrong \(most end in \/v1\); it says: Unexpected endpoint or method/,
      told: /The AI failed/,
    },
  ],
};
