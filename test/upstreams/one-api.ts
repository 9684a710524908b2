import { chunk, data, DONE, json, stream, type Dialect } from "./shape.ts";

export const oneApi: Dialect = {
  provider: "one-api and its descendants",
  shapes: [
    {
      name: "no channel for the model",
      plain: json(
        `{"error":{"message":"当前分组 default 下对于模型 m 无可用渠道 (request id: 2025)","type":"one_api_error"}}`,
        "503 Service Unavailable",
      ),
      error: "upstream_error",
      ai: "server",
      log: /503 \(one_api_error\); it says: 当前分组 default 下对于模型 m 无可用渠道/,
    },
    {
      name: "a full group",
      plain: json(
        `{"error":{"message":"当前分组上游负载已饱和，请稍后再试 (request id: 2025)","type":"upstream_error","param":"404","code":"bad_response_status_code"}}`,
        "429 Too Many Requests",
      ),
      error: "upstream_unavailable",
      ai: "limit",
      log: /429 \(upstream_error, bad_response_status_code\); it says: 当前分组上游负载已饱和/,
      told: /busy/,
    },
    {
      name: "an upstream that refused",
      plain: json(
        `{"error":{"message":"bad response status code 400 (request id: 2025)","type":"upstream_error","param":"400","code":"bad_response_status_code"}}`,
        "400 Bad Request",
      ),
      error: "upstream_error",
      ai: "refused",
      log: /400 \(upstream_error, bad_response_status_code\); it says: bad response status code 400/,
    },
    {
      name: "a user without quota",
      plain: json(
        `{"error":{"message":"用户额度不足","type":"one_api_error","param":"","code":"insufficient_user_quota"}}`,
        "403 Forbidden",
      ),
      error: "upstream_error",
      ai: "key",
      log: /403 \(one_api_error, insufficient_user_quota\): its account has no credit left; add some there; it says: 用户额度不足/,
    },
    {
      name: "an invalid key",
      plain: json(
        `{"error":{"message":"无效的令牌 (request id: 2025)","type":"one_api_error"}}`,
        "401 Unauthorized",
      ),
      error: "upstream_error",
      ai: "key",
      log: /401 \(one_api_error\): it refused the operator's API key; it says: 无效的令牌/,
    },
    {
      name: "an error instead of a stream, inside a 200",
      plain: json(
        `{"error":{"message":"上游错误","type":"upstream_error","param":"500","code":"do_request_failed"}}`,
      ),
      streamed: stream(
        data(
          `{"error":{"message":"上游错误","type":"upstream_error","param":"500","code":"do_request_failed"}}`,
        ),
        DONE,
      ),
      error: "upstream_error",
      ai: "server",
      log: /inside its answer \(upstream_error, do_request_failed\); it says: 上游错误/,
    },
    {
      name: "success: false without choices",
      plain: json(`{"success":false,"message":"No such route"}`),
      error: "upstream_error",
      ai: "answer",
      log: /no chat completion/,
    },
    {
      name: "data lines without a blank after the colon",
      streamed: stream(
        chunk(`{"content":"你"}`).replace("data: ", "data:"),
        chunk(`{"content":"好"}`, '"stop"').replace("data: ", "data:"),
        "data:[DONE]\n\n",
      ),
      text: "你好",
    },
    {
      name: "an empty finish reason in every chunk but the last",
      streamed: stream(
        chunk(`{"content":"你"}`, '""'),
        chunk(`{"content":"好"}`, '""'),
        chunk("{}", '"stop"'),
        DONE,
      ),
      text: "你好",
    },
  ],
};
