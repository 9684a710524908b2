import { chunk, completion, cutStream, data, DONE, json, stream, type Dialect } from "./shape.ts";

export const ollama: Dialect = {
  provider: "Ollama",
  shapes: [
    {
      name: "an answer, with an empty text beside the finish reason",
      plain: json(completion(`{"role":"assistant","content":"Hi there"}`)),
      streamed: stream(
        chunk(`{"role":"assistant","content":"Hi"}`),
        chunk(`{"role":"assistant","content":" there"}`),
        chunk(`{"role":"assistant","content":""}`, '"stop"'),
        DONE,
      ),
      text: "Hi there",
    },
    {
      name: "an answer that its context cut",
      plain: json(completion(`{"role":"assistant","content":"Hi"}`, '"length"')),
      streamed: stream(chunk(`{"role":"assistant","content":"Hi"}`, '"length"'), DONE),
      text: "Hi",
    },
    {
      name: "an empty answer while it loads a model",
      plain: json(completion(`{"role":"assistant","content":""}`, '"load"')),
      streamed: stream(chunk(`{"role":"assistant","content":""}`, '"load"'), DONE),
      error: "upstream_error",
      ai: "answer",
      told: /empty answer/,
    },
    {
      name: "an unknown model",
      plain: json(
        `{"error":{"message":"model \\"m\\" not found, try pulling it first","type":"api_error","param":null,"code":null}}`,
        "404 Not Found",
      ),
      error: "upstream_error",
      ai: "model",
      log: /404 \(api_error\): it does not know the model.*; it says: model "m" not found, try pulling it first/,
    },
    {
      name: "a model that crashes in the middle of a stream",
      streamed: cutStream(
        chunk(`{"role":"assistant","content":"Hi"}`),
        data(
          `{"error":{"message":"an error was encountered while running the model: unexpected EOF","type":"api_error","param":null,"code":null}}`,
        ),
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer \(api_error\); it says: an error was encountered/,
    },
    {
      name: "a model that crashes in the middle of a stream, as a sentence",
      streamed: stream(
        chunk(`{"role":"assistant","content":"Hi"}`),
        data(`{"error":"an error was encountered while running the model"}`),
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer; it says: an error was encountered/,
    },
    {
      name: "a full queue",
      plain: json(
        `{"error":{"message":"server busy, please try again.  maximum pending requests exceeded","type":"api_error","param":null,"code":null}}`,
        "503 Service Unavailable",
      ),
      error: "upstream_error",
      ai: "server",
      log: /503 \(api_error\); it says: server busy/,
      told: /Try again/,
    },
    {
      name: "a thought in its own field",
      plain: json(completion(`{"role":"assistant","content":"It is 2.","reasoning":"Hm, 1 + 1."}`)),
      streamed: stream(
        chunk(`{"role":"assistant","content":"","reasoning":"Hm,"}`),
        chunk(`{"role":"assistant","content":"","reasoning":" 1 + 1."}`),
        chunk(`{"role":"assistant","content":"It is 2."}`),
        chunk(`{"role":"assistant","content":""}`, '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
    {
      name: "a thought in tags, as of a model that it does not know to think",
      plain: json(
        completion(`{"role":"assistant","content":"<think>\\nHm, 1 < 1 + 1.\\n</think>\\n\\nIt is 2."}`),
      ),
      streamed: stream(
        chunk(`{"role":"assistant","content":"<think>"}`),
        chunk(`{"role":"assistant","content":"\\n"}`),
        chunk(`{"role":"assistant","content":"Hm, 1 <"}`),
        chunk(`{"role":"assistant","content":" 1 + 1.\\n"}`),
        chunk(`{"role":"assistant","content":"</think>"}`),
        chunk(`{"role":"assistant","content":"\\n\\n"}`),
        chunk(`{"role":"assistant","content":"It is 2."}`),
        chunk(`{"role":"assistant","content":""}`, '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 < 1 + 1.\n",
      text: "It is 2.",
    },
  ],
};

export const ollamaNative: Dialect = {
  provider: "Ollama at its own API",
  path: "/api",
  shapes: [
    {
      name: "a page for an unknown path",
      plain: Buffer.from(
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n404 page not found",
      ),
      error: "upstream_error",
      ai: "model",
      log: /404: it does not know the model, or the base URL is wrong \(most end in \/v1\); it says: 404 page/,
    },
    {
      name: "lines of JSON of its own form",
      plain: json(
        `{"model":"m","message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"stop"}`,
      ),
      streamed: json(
        `{"model":"m","message":{"role":"assistant","content":"Hi"},"done":false}\n{"model":"m","message":{"role":"assistant","content":""},"done":true}\n`,
      ),
      error: "upstream_error",
      ai: "answer",
    },
  ],
};
