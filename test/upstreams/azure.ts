import { chunk, completion, data, DONE, json, stream, type Dialect } from "./shape.ts";

const SAFE = `"hate":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}`;
const PROMPT = data(
  `{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{${SAFE},"jailbreak":{"filtered":false,"detected":false}}}]}`,
);
/** Sent without `delta` when filtering runs beside the answer. */
const OFFSETS = data(
  `{"id":"","object":"","created":0,"model":"","choices":[{"index":0,"finish_reason":null,"content_filter_results":{${SAFE}},"content_filter_offsets":{"check_offset":44,"start_offset":44,"end_offset":198}}],"usage":null}`,
);

export const azure: Dialect = {
  provider: "Azure OpenAI",
  path: "/openai/deployments/chat?api-version=2024-10-21",
  shapes: [
    {
      name: "a first chunk without choices, with the filter's results for the question",
      plain: json(
        `{"choices":[{"content_filter_results":{${SAFE}},"finish_reason":"stop","index":0,"logprobs":null,"message":{"content":"Hello!","role":"assistant"}}],"created":1,"id":"c1","model":"gpt-4o","object":"chat.completion","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{${SAFE}}}]}`,
      ),
      streamed: stream(
        PROMPT,
        chunk(`{"role":"assistant","content":""}`),
        chunk(`{"content":"Hello!"}`),
        chunk("{}", '"stop"'),
        DONE,
      ),
      text: "Hello!",
    },
    {
      name: "chunks of the filter without delta, also after the last text",
      streamed: stream(
        PROMPT,
        chunk(`{"content":"Hel"}`),
        OFFSETS,
        chunk(`{"content":"lo!"}`),
        chunk("{}", '"stop"'),
        OFFSETS,
        DONE,
      ),
      text: "Hello!",
    },
    {
      name: "an answer that the filter withheld",
      plain: json(completion(`{"role":"assistant"}`, '"content_filter"')),
      streamed: stream(PROMPT, chunk("{}", '"content_filter"'), DONE),
      error: "upstream_error",
      ai: "refused",
      log: /no text \(finish_reason content_filter\)/,
      told: /content filter/,
    },
    {
      name: "a question that the filter refused",
      plain: json(
        `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"violence":{"filtered":true,"severity":"high"}}}}}`,
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /^the upstream answered 400 \(content_filter\); it says: The response was filtered/,
      told: /in other words/,
    },
    {
      name: "an unknown deployment",
      plain: json(
        `{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}`,
        "404 Not Found",
      ),
      error: "upstream_error",
      ai: "model",
      log: /404 \(DeploymentNotFound\): it does not know the model/,
    },
    {
      // Ironclad/rivet#344
      name: "a question that took it too long",
      plain: json(
        `{"error":{"code":"Timeout","message":"The operation was timeout."}}`,
        "408 Request Timeout",
      ),
      error: "upstream_error",
      ai: "server",
      log: /408 \(Timeout\); it says: The operation was timeout/,
      told: /Try again in a moment/,
    },
    {
      name: "a wrong key, by its gateway, without error object",
      plain: json(
        `{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid or expired."}`,
        "401 Unauthorized",
      ),
      error: "upstream_error",
      ai: "key",
      log: /401: it refused the operator's API key; it says: Unauthorized\./,
    },
    {
      name: "too many tokens a minute, with the code as a string",
      plain: json(
        `{"error":{"code":"429","message":"Requests have exceeded the token rate limit of your current pricing tier."}}`,
        "429 Too Many Requests",
        "Retry-After: 86400",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      retryAfter: 60,
      told: /busy/,
    },
  ],
};
