import { chunk, completion, data, DONE, json, stream, type Dialect } from "./shape.ts";

const LONG =
  "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens in the messages.";

export const vllm: Dialect = {
  provider: "vLLM",
  shapes: [
    {
      name: "an answer with fields of its own",
      plain: json(
        `{"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi there","tool_calls":[]},"logprobs":null,"finish_reason":"stop","stop_reason":null}],"prompt_logprobs":null}`,
      ),
      streamed: stream(
        chunk(`{"role":"assistant","content":""}`),
        chunk(`{"content":"Hi"}`),
        data(
          `{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" there"},"logprobs":null,"finish_reason":"stop","stop_reason":2}]}`,
        ),
        data(
          `{"id":"c1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":9,"total_tokens":11}}`,
        ),
        DONE,
      ),
      text: "Hi there",
    },
    {
      name: "an answer that a stop word ended",
      plain: json(completion(`{"role":"assistant","content":"Hi"}`)),
      streamed: stream(
        data(`{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop","stop_reason":"END"}]}`),
        DONE,
      ),
      text: "Hi",
    },
    {
      name: "a conversation that is too long, in its older form",
      plain: json(
        `{"object":"error","message":"${LONG}","type":"BadRequestError","param":null,"code":400}`,
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /400 \(BadRequestError\); it says: This model's maximum context/,
      told: /start a new conversation/,
    },
    {
      name: "an engine that died, in the middle of a stream",
      streamed: stream(
        chunk(`{"content":"Hi"}`),
        data(
          `{"error":{"message":"EngineCore encountered an issue.","type":"InternalServerError","param":null,"code":500}}`,
        ),
        DONE,
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer \(InternalServerError\); it says: EngineCore/,
    },
    {
      name: "an engine that died, in its older form",
      streamed: stream(
        data(
          `{"object":"error","message":"Internal Server Error","type":"InternalServerError","param":null,"code":500}`,
        ),
        DONE,
      ),
      error: "upstream_error",
      ai: "server",
      log: /500 inside a reply with status 200 \(InternalServerError\)/,
    },
    {
      name: "an answer that the engine aborted",
      plain: json(completion(`{"role":"assistant","content":"Hi"}`, '"abort"')),
      streamed: stream(chunk(`{"content":"Hi"}`), chunk("{}", '"abort"'), DONE),
      error: "upstream_error",
      ai: "server",
      log: /finish_reason abort/,
    },
    {
      name: "a refused field, by FastAPI",
      plain: json(
        `{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}`,
        "422 Unprocessable Entity",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /422; it says: \[\{"type":"missing".*Field required/,
    },
    {
      name: "a thought in two fields with the same text",
      plain: json(
        completion(
          `{"role":"assistant","content":"\\n\\nIt is 2.","reasoning":"Hm, 1 + 1.","reasoning_content":"Hm, 1 + 1."}`,
        ),
      ),
      streamed: stream(
        chunk(`{"role":"assistant","content":""}`),
        chunk(`{"reasoning":"Hm,","reasoning_content":"Hm,"}`),
        chunk(`{"reasoning":" 1 + 1.","reasoning_content":" 1 + 1."}`),
        chunk(`{"content":"\\n\\n"}`),
        chunk(`{"content":"It is 2."}`),
        chunk(`{"content":""}`, '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "\n\nIt is 2.",
    },
    {
      name: "a thought in tags, without a parser for it",
      plain: json(completion(`{"role":"assistant","content":"<think>Hm, 1 + 1.</think>It is 2."}`)),
      streamed: stream(
        chunk(`{"role":"assistant","content":""}`),
        chunk(`{"content":"<th"}`),
        chunk(`{"content":"ink>Hm, 1"}`),
        chunk(`{"content":" + 1.</"}`),
        chunk(`{"content":"think>It is"}`),
        chunk(`{"content":" 2."}`, '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
    {
      name: "a thought in tags that used up the limit",
      plain: json(completion(`{"role":"assistant","content":"<think>Hm, 1 + 1."}`, '"length"')),
      streamed: stream(chunk(`{"content":"<think>Hm, 1 + 1."}`), chunk(`{"content":""}`, '"length"'), DONE),
      reasoning: "Hm, 1 + 1.",
      error: "upstream_error",
      ai: "answer",
      log: /no text but reasoning \(finish_reason length\)/,
      told: /its limit/,
    },
  ],
};
