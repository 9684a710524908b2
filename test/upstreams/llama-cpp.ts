import { chunk, completion, cutStream, data, DONE, json, stream, type Dialect } from "./shape.ts";

const CONTEXT = `{"error":{"code":400,"message":"request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":4390,"n_ctx":4096}}`;

export const llamaCpp: Dialect = {
  provider: "llama.cpp",
  shapes: [
    {
      name: "an answer with timings",
      plain: json(
        `{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"Hi there"}}],"created":1,"model":"m","object":"chat.completion","timings":{"prompt_n":9,"predicted_per_second":60.5}}`,
      ),
      streamed: stream(
        chunk(`{"role":"assistant","content":null}`),
        chunk(`{"content":"Hi"}`),
        chunk(`{"content":" "}`),
        chunk(`{"content":"there"}`),
        data(
          `{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":1,"id":"c1","timings":{"prompt_n":9}}`,
        ),
        data("[DONE]"),
      ),
      text: "Hi there",
    },
    {
      name: "comments while it reads the question, and no blank line after [DONE]",
      streamed: stream(":\n\n", ": ping\n\n", chunk(`{"content":"Hi"}`, '"stop"'), "data: [DONE]"),
      text: "Hi",
    },
    {
      name: "the end of the connection behind [DONE] instead of the last chunk",
      streamed: cutStream(chunk(`{"content":"Hi"}`), chunk("{}", '"stop"'), DONE),
      text: "Hi",
    },
    {
      name: "while it loads its model",
      plain: json(
        `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`,
        "503 Service Unavailable",
      ),
      error: "upstream_unavailable",
      ai: "server",
      log: /503 \(unavailable_error\); it says: Loading model/,
      told: /not ready yet/,
    },
    {
      name: "a conversation that is too long",
      plain: json(CONTEXT, "400 Bad Request"),
      error: "upstream_error",
      ai: "refused",
      log: /400 \(exceed_context_size_error\); it says: request \(4390 tokens\) exceeds/,
      told: /start a new conversation/,
    },
    {
      name: "a conversation that is too long, inside a 200",
      plain: json(CONTEXT),
      streamed: stream(data(CONTEXT)),
      error: "upstream_error",
      ai: "refused",
      log: /400 inside a reply with status 200 \(exceed_context_size_error\)/,
      told: /start a new conversation/,
    },
    {
      name: "a conversation that is too long, as JSON in the middle of a stream's head",
      streamed: stream(`${CONTEXT}\n`),
      error: "upstream_error",
      ai: "refused",
      log: /400 inside a reply with status 200/,
    },
    {
      name: "a context that is full in the middle of an answer",
      streamed: stream(
        chunk(`{"content":"Hi"}`),
        data(`{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}`),
        DONE,
      ),
      error: "upstream_error",
      ai: "refused",
      log: /inside its answer \(server_error\); it says: Context size/,
    },
    {
      name: "an error in a field of its own, as until 2025, in the middle of an answer",
      streamed: stream(
        chunk(`{"content":"Hi"}`),
        `error: {"code":500,"message":"Context size has been exceeded.","type":"server_error"}\n\n`,
        DONE,
      ),
      error: "upstream_error",
      ai: "refused",
      log: /inside its answer \(server_error\); it says: Context size/,
    },
    {
      name: "an error in a field of its own, as until 2025, instead of an answer",
      streamed: stream(
        `error: {"code":400,"message":"the request exceeds the available context size","type":"invalid_request_error"}\n\n`,
        DONE,
      ),
      error: "upstream_error",
      ai: "refused",
      log: /400 inside a reply with status 200 \(invalid_request_error\); it says: the request exceeds/,
    },
    {
      name: "a wrong key",
      plain: json(
        `{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}`,
        "401 Unauthorized",
      ),
      error: "upstream_error",
      ai: "key",
      log: /401 \(authentication_error\): it refused the operator's API key/,
    },
    {
      name: "a call of a tool",
      plain: json(
        completion(
          `{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"},"id":"t"}]}`,
          '"tool_calls"',
        ),
      ),
      streamed: stream(
        chunk(
          `{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"{"}}]}`,
        ),
        chunk("{}", '"tool_calls"'),
        DONE,
      ),
      error: "upstream_error",
      ai: "answer",
      told: /call a tool/,
    },
    {
      name: "a thought before the answer",
      plain: json(
        `{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","reasoning_content":"Hm, 1 + 1.","content":"It is 2."}}],"object":"chat.completion"}`,
      ),
      streamed: stream(
        chunk(`{"role":"assistant","content":null}`),
        chunk(`{"reasoning_content":"Hm,"}`),
        chunk(`{"reasoning_content":" 1 + 1."}`),
        chunk(`{"content":"It is 2."}`),
        chunk("{}", '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
    {
      name: "an answer about the tags of a thought",
      plain: json(completion(`{"role":"assistant","content":"Put it between <think> and </think>."}`)),
      streamed: stream(
        chunk(`{"content":"Put it between "}`),
        chunk(`{"content":"<think> and </th"}`),
        chunk(`{"content":"ink>."}`),
        chunk("{}", '"stop"'),
        DONE,
      ),
      text: "Put it between <think> and </think>.",
    },
  ],
};
