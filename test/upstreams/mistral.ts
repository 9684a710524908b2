import { chunk, completion, DONE, json, stream, type Dialect } from "./shape.ts";

export const mistral: Dialect = {
  provider: "Mistral",
  shapes: [
    {
      name: "an answer, with its usage beside the finish reason",
      plain: json(completion(`{"role":"assistant","tool_calls":null,"content":"Bonjour !"}`)),
      streamed: stream(
        chunk(`{"role":"assistant","content":""}`),
        chunk(`{"content":"Bonjour"}`),
        chunk(`{"content":" !"}`, '"stop"'),
        DONE,
      ),
      text: "Bonjour !",
    },
    {
      name: "content as parts",
      plain: json(
        completion(
          `{"role":"assistant","content":[{"type":"text","text":"Bon"},{"type":"text","text":"jour"}]}`,
        ),
      ),
      streamed: stream(
        chunk(`{"content":[{"type":"text","text":"Bon"}]}`),
        chunk(`{"content":"jour"}`, '"stop"'),
        DONE,
      ),
      text: "Bonjour",
    },
    {
      name: "content as parts, with references",
      plain: json(
        completion(
          `{"role":"assistant","content":[{"type":"text","text":"Yes"},{"type":"reference","reference_ids":[0]},{"type":"text","text":"."}]}`,
        ),
      ),
      streamed: stream(
        chunk(`{"content":[{"type":"text","text":"Yes"}]}`),
        chunk(`{"content":[{"type":"reference","reference_ids":[0]}]}`),
        chunk(`{"content":"."}`, '"stop"'),
        DONE,
      ),
      text: "Yes.",
    },
    {
      name: "an answer that the model's own limit cut",
      plain: json(completion(`{"role":"assistant","content":"Il était"}`, '"model_length"')),
      streamed: stream(chunk(`{"content":"Il était"}`, '"model_length"'), DONE),
      text: "Il était",
      finish: "length",
    },
    {
      name: "the finish reason error",
      plain: json(completion(`{"role":"assistant","content":"Il"}`, '"error"')),
      streamed: stream(chunk(`{"content":"Il"}`), chunk("{}", '"error"'), DONE),
      error: "upstream_error",
      ai: "server",
      log: /finish_reason error/,
    },
    {
      name: "a limit, in an error that is the whole document",
      plain: json(
        `{"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300","raw_status_code":429}`,
        "429 Too Many Requests",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      log: /429 \(rate_limited\); it says: Rate limit exceeded/,
      told: /busy/,
    },
    {
      name: "a full service tier",
      plain: json(
        `{"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","param":null,"code":"3505"}`,
        "429 Too Many Requests",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      log: /429 \(service_tier_capacity_exceeded\); it says: Service tier/,
    },
    {
      name: "a limit, inside a 200",
      streamed: stream(
        `data: {"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300","raw_status_code":429}\n\n`,
      ),
      error: "upstream_unavailable",
      ai: "limit",
      log: /429 inside a reply with status 200 \(rate_limited\)/,
    },
    {
      name: "a wrong field, with the reasons below its message",
      plain: json(
        `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","n"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null}`,
        "422 Unprocessable Entity",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /422 \(invalid_request_error\); it says: .*Extra inputs are not permitted/,
    },
    {
      name: "a wrong key",
      plain: json(`{"detail":"Unauthorized"}`, "401 Unauthorized"),
      error: "upstream_error",
      ai: "key",
      log: /401: it refused the operator's API key; it says: Unauthorized/,
    },
    {
      name: "a thought as a part of the content",
      plain: json(
        completion(
          `{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm, 1 + 1."}],"closed":true},{"type":"text","text":"It is 2."}]}`,
        ),
      ),
      streamed: stream(
        chunk(`{"role":"assistant","content":""}`),
        chunk(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm,"}]}]}`),
        chunk(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":" 1 + 1."}]}]}`),
        chunk(`{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"It is"}]}`),
        chunk(`{"content":" 2."}`),
        chunk(`{"content":""}`, '"stop"'),
        DONE,
      ),
      reasoning: "Hm, 1 + 1.",
      text: "It is 2.",
    },
  ],
};
