import { expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";

it("says whether a question may be sent again", () => {
  const refused = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
  const rows: [ClientError, ClientError["retry"]][] = [
    [new ClientError("unreachable", "refused", { cause: refused }), "yes"],
    [new ClientError("unreachable", "no such name"), "no"],
    [new ClientError("unreachable", "lost", { charged: "maybe" }), "same_key"],
    [new ClientError("tokens_held", "held", { status: 402 }), "yes"],
    [new ClientError("insufficient_tokens", "poor", { status: 402 }), "no"],
    [new ClientError("request_in_progress", "under way", { status: 409 }), "yes"],
    [new ClientError("rate_limited", "too many", { status: 429 }), "yes"],
    [new ClientError("overloaded", "in a second", { status: 503, retryAfter: 1 }), "yes"],
    [new ClientError("overloaded", "some day", { status: 503 }), "no"],
    [new ClientError("timeout", "silent", { charged: "maybe" }), "no"],
  ];
  for (const [error, retry] of rows) expect(error.retry, error.message).toBe(retry);
});
