import { chunk, completion, data, document, DONE, json, stream, type Dialect } from "./shape.ts";

/** Hosts of which only the forms that differ are here. */
export const others: Dialect = {
  provider: "Other hosts",
  shapes: [
    {
      name: "Zhipu: an answer that a failure of the network cut",
      plain: json(completion(`{"role":"assistant","content":"你"}`, '"network_error"')),
      streamed: stream(chunk(`{"content":"你"}`), chunk("{}", '"network_error"'), DONE),
      error: "upstream_error",
      ai: "server",
      log: /finish_reason network_error/,
    },
    {
      name: "Zhipu: an answer that its filter withheld",
      plain: json(completion(`{"role":"assistant","content":""}`, '"sensitive"')),
      streamed: stream(chunk("{}", '"sensitive"'), DONE),
      error: "upstream_error",
      ai: "refused",
      told: /content filter/,
    },
    {
      name: "Zhipu: an answer that its filter cut",
      plain: json(completion(`{"role":"assistant","content":"你好"}`, '"sensitive"')),
      streamed: stream(chunk(`{"content":"你好"}`), chunk("{}", '"sensitive"'), DONE),
      text: "你好",
      finish: "content_filter",
    },
    {
      name: "TGI: an answer that ended by itself",
      plain: json(completion(`{"role":"assistant","content":"Hi"}`, '"eos_token"')),
      streamed: stream(chunk(`{"content":"Hi"}`, '"eos_token"'), DONE),
      text: "Hi",
      finish: "stop",
    },
    {
      name: "a finish reason that nobody knows",
      plain: json(completion(`{"role":"assistant","content":"Hi"}`, '"moon"')),
      streamed: stream(chunk(`{"content":"Hi"}`, '"moon"'), DONE),
      text: "Hi",
      finish: null,
    },
    {
      name: "Anthropic: its own overload",
      plain: json(
        `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`,
        "529 Site Overloaded",
      ),
      error: "upstream_unavailable",
      ai: "server",
      log: /529 \(overloaded_error\); it says: Overloaded/,
      told: /busy/,
    },
    {
      name: "Anthropic: its own overload, inside a 200",
      streamed: stream(
        `event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`,
      ),
      error: "upstream_error",
      ai: "server",
      log: /503 inside a reply with status 200 \(overloaded_error\)/,
    },
    {
      name: "Anthropic: pings",
      streamed: stream(
        `event: ping\ndata: {"type":"ping"}\n\n`,
        chunk(`{"content":"Hi"}`, '"stop"'),
        `event: ping\ndata: {"type":"ping"}\n\n`,
        DONE,
      ),
      text: "Hi",
    },
    {
      // theopenco/llmgateway#3297
      name: "Anthropic: an account without credit",
      plain: json(
        `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."},"request_id":"req_1"}`,
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "key",
      log: /400 \(invalid_request_error\): its account has no credit left; add some there; it says: Your credit/,
      told: /Tell whoever runs it/,
    },
    {
      // modelscope/modelscope#1691
      name: "MiniMax: an account without credit, with the status of a limit",
      plain: json(
        `{"error":{"http_code":"429","message":"insufficient balance (1008)","type":"insufficient_balance_error"},"request_id":"1"}`,
        "429 Too Many Requests",
      ),
      error: "upstream_error",
      ai: "key",
      log: /no credit left/,
      told: /Tell whoever runs it/,
    },
    {
      // infiniflow/ragflow#17292
      name: "MiniMax: an account without credit, inside a 200",
      plain: json(
        `{"id":"1","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`,
      ),
      streamed: stream(
        data(
          `{"id":"1","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`,
        ),
      ),
      error: "upstream_error",
      ai: "key",
      log: /402 inside a reply with status 200: its account has no credit left; add some there; it says: insufficient/,
    },
    {
      name: "MiniMax: a limit, inside a 200",
      plain: json(`{"choices":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}}`),
      streamed: stream(data(`{"choices":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}}`)),
      error: "upstream_error",
      ai: "server",
      log: /it says: rate limit/,
    },
    {
      // MiniMax-AI/MiniMax-M2.5#2 has the roles.
      name: "MiniMax: roles that are empty, and the whole message in a last chunk",
      plain: json(
        `{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hi there","role":"assistant"}}],"base_resp":{"status_code":0,"status_msg":""}}`,
      ),
      streamed: stream(
        data(`{"choices":[{"index":0,"delta":{"role":"","content":"Hi"}}],"object":"chat.completion.chunk"}`),
        data(
          `{"choices":[{"finish_reason":"stop","index":0,"delta":{"role":"","content":" there"}}],"object":"chat.completion.chunk"}`,
        ),
        data(
          `{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hi there","role":"assistant"}}],"object":"chat.completion","base_resp":{"status_code":0,"status_msg":""}}`,
        ),
      ),
      text: "Hi there",
    },
    {
      // openai/openai-python#1230
      name: "separators of lines that are no line ends",
      plain: json(completion(`{"content":"a\u2028b\u2029c\u0085d"}`)),
      streamed: stream(
        chunk(`{"content":"a\u2028b\u2029"}`),
        chunk(`{"content":"c\u0085d"}`, '"stop"'),
        DONE,
      ),
      text: "a\u2028b\u2029c\u0085d",
    },
    {
      // songquanpeng/one-api#1037
      name: "choices without an index or a role",
      plain: json(`{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}`),
      streamed: stream(
        data(`{"choices":[{"delta":{"content":"H"}}]}`),
        data(`{"choices":[{"delta":{"content":"i"},"finish_reason":"stop"}]}`),
        DONE,
      ),
      text: "Hi",
    },
    {
      name: "DashScope: a question that its filter refused",
      plain: json(
        `{"error":{"message":"Input data may contain inappropriate content.","type":"data_inspection_failed","param":null,"code":"data_inspection_failed"},"id":"c1"}`,
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /400 \(data_inspection_failed\)/,
      told: /in other words/,
    },
    {
      name: "Moonshot: an account without credit",
      plain: json(
        `{"error":{"message":"Your account is suspended, please check your plan","type":"exceeded_current_quota_error"}}`,
        "429 Too Many Requests",
      ),
      error: "upstream_error",
      ai: "key",
      log: /no credit left/,
    },
    {
      name: "TGI: an overload as a sentence with its type",
      plain: json(`{"error":"Model is overloaded","error_type":"overloaded"}`, "429 Too Many Requests"),
      error: "upstream_unavailable",
      ai: "limit",
      told: /busy/,
    },
    {
      name: "TGI: an overload in an event named error",
      streamed: stream(`event:error\ndata:{"error":"Model is overloaded","error_type":"overloaded"}\n\n`),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer; it says: Model is overloaded/,
    },
    {
      name: "Hugging Face: a model that is loading",
      plain: json(
        `{"error":"Model m is currently loading","estimated_time":20.0}`,
        "503 Service Unavailable",
      ),
      error: "upstream_unavailable",
      ai: "server",
      told: /not ready yet/,
    },
    {
      name: "Cloudflare: an answer of its own form",
      plain: json(`{"result":{"response":"Hi"},"success":true,"errors":[],"messages":[]}`),
      streamed: stream(data(`{"response":"Hi","p":"abc"}`), data("[DONE]")),
      error: "upstream_error",
      ai: "answer",
    },
    {
      name: "LocalAI: a stream whose chunks have no finish reason at all",
      streamed: stream(
        data(`{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"}}]}`),
        DONE,
      ),
      text: "Hi",
      finish: null,
    },
    {
      name: "text-generation-webui: the whole message beside each delta",
      streamed: stream(
        data(
          `{"choices":[{"index":0,"finish_reason":null,"message":{"role":"assistant","content":"Hi"},"delta":{"role":"assistant","content":"Hi"}}]}`,
        ),
        data(
          `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":""},"delta":{"role":"assistant","content":""}}]}`,
        ),
      ),
      text: "Hi",
    },
    {
      name: "several choices, of which the first counts",
      plain: json(
        `{"choices":[{"index":1,"message":{"content":"Two"},"finish_reason":"stop"},{"index":0,"message":{"content":"One"},"finish_reason":"stop"}]}`,
      ),
      streamed: stream(
        data(`{"choices":[{"index":1,"delta":{"content":"Two"}}]}`),
        data(`{"choices":[{"index":0,"delta":{"content":"One"},"finish_reason":"stop"}]}`),
        DONE,
      ),
      text: "One",
    },
    {
      name: "a document of the older completions API",
      plain: json(`{"object":"text_completion","choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]}`),
      error: "upstream_error",
      ai: "answer",
    },
    {
      name: "an error of Cloudflare's edge, as a page",
      plain: document(
        "<!DOCTYPE html><title>522: Connection timed out</title>",
        "522 <none>",
        "Content-Type: text/html",
      ),
      error: "upstream_error",
      ai: "server",
      log: /^the upstream answered 522$/,
    },
    {
      name: "Qwen at DashScope: a thought before the answer",
      plain: json(completion(`{"role":"assistant","content":"It is 2.","reasoning_content":"Hm, 1 + 1."}`)),
      streamed: stream(
        chunk(`{"content":null,"role":"assistant","reasoning_content":""}`),
        chunk(`{"content":null,"reasoning_content":"Hm, 1 + 1."}`),
        chunk(`{"content":"It is 2.","reasoning_content":null}`),
        chunk(`{"content":"","reasoning_content":null}`, '"stop"'),
        data(`{"choices":[],"object":"chat.completion.chunk","usage":{"total_tokens":11}}`),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
    {
      name: "Qwen: the empty block of a model that was told not to think",
      plain: json(completion(`{"role":"assistant","content":"<think>\\n\\n</think>\\n\\nIt is 2."}`)),
      streamed: stream(
        chunk(`{"content":"<think>\\n\\n"}`),
        chunk(`{"content":"</think>\\n\\n"}`),
        chunk(`{"content":"It is 2."}`),
        chunk("{}", '"stop"'),
        DONE,
      ),
      text: "It is 2.",
    },
  ],
};
