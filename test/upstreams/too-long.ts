import { data, json, stream, type Dialect, type Shape } from "./shape.ts";

/** One error with this message. `more` is more of its JSON. */
const said = (message: string, more = `"type":"invalid_request_error","code":null`) =>
  `{"error":{"message":${JSON.stringify(message)},${more}}}`;

const refusals: [name: string, body: string, status?: string][] = [
  [
    "OpenAI, by its code",
    said("Please reduce the length.", `"type":"invalid_request_error","code":"context_length_exceeded"`),
  ],
  ["OpenAI, in its newer words", said("Your input exceeds the context window of this model.")],
  ["Anthropic", said("prompt is too long: 205812 tokens > 200000 maximum")],
  [
    "Gemini, as a list",
    `[{"error":{"code":400,"message":"The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}}]`,
  ],
  [
    "Mistral",
    `{"object":"error","message":"Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_message_order","param":null,"code":"3051"}`,
  ],
  [
    "Groq",
    said(
      "Please reduce the length of the messages or completion.",
      `"type":"invalid_request_error","param":"messages","code":"context_length_exceeded"`,
    ),
  ],
  [
    "vLLM",
    `{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens in the messages.","type":"BadRequestError","param":null,"code":400}`,
  ],
  [
    "vLLM, in its newer words",
    said(
      "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
      `"type":"BadRequestError","param":null,"code":400`,
    ),
  ],
  [
    "xAI, as a sentence",
    `{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."}`,
  ],
  [
    "LM Studio",
    `{"error":"Trying to keep the first 5402 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough."}`,
  ],
  [
    "LM Studio, in other words",
    `{"error":"The number of tokens to keep from the initial prompt is greater than the context length."}`,
  ],
  [
    "Ollama, when it does not cut",
    said("prompt too long; exceeded max context length by 4096 tokens", `"type":"api_error","code":null`),
  ],
  ["Moonshot", said("Invalid request: Your request exceeded model token limit: 262144 (requested: 291351)")],
  [
    "Together",
    said("The input (140000 tokens) is longer than the model's context length (131072 tokens)."),
    "422 Unprocessable Entity",
  ],
  ["Bedrock", `{"message":"Input is too long for requested model."}`],
  [
    "TGI",
    `{"error":"Input validation error: \`inputs\` must have less than 4096 tokens. Given: 5000","error_type":"validation"}`,
    "422 Unprocessable Entity",
  ],
  [
    "Qwen at DashScope",
    said(
      "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
      `"type":"invalid_request_error","code":"invalid_parameter_error"`,
    ),
  ],
  ["Zhipu", `{"error":{"code":"1261","message":"Prompt 超长"}}`],
  ["MiniMax", said("invalid params, context window exceeds limit (2013)")],
];

const failed: Pick<Shape, "error" | "ai" | "told"> = {
  error: "upstream_error",
  ai: "refused",
  told: /longer than the AI can read\. .*start a new conversation/,
};

/** Refusals because of the length of the conversation. */
export const tooLong: Dialect = {
  provider: "Conversations that are too long",
  shapes: [
    ...refusals.map(([name, body, status = "400 Bad Request"]) => ({
      name,
      plain: json(body, status),
      ...failed,
    })),
    {
      name: "llama.cpp, inside a 200",
      plain: json(`{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}`),
      streamed: stream(
        data(`{"choices":[{"index":0,"delta":{"content":"Hi"}}]}`),
        data(`{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}`),
      ),
      ...failed,
    },
    {
      name: "no such refusal: Bedrock at its limit a minute",
      plain: json(`{"message":"Too many tokens, please wait before trying again."}`, "429 Too Many Requests"),
      error: "upstream_unavailable",
      ai: "limit",
      told: /busy/,
    },
    {
      name: "no such refusal: a limit of the answer's length",
      plain: json(
        said(
          "max_tokens is too large: 9000. This model supports at most 4096 completion tokens.",
          `"type":"invalid_request_error","param":"max_tokens","code":"invalid_value"`,
        ),
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "refused",
      told: /did not accept this question/,
    },
  ],
};
