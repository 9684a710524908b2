import { expect, test } from "vitest";
import { ApiError } from "../../src/server/core/api-error.ts";
import type { Provider } from "../../src/server/core/provider.ts";
import { testedModel } from "../support/tested-model.ts";
import { openWiredServer } from "./wired-server.ts";

test("says on a 429 which limit was reached and when it ends", async () => {
  const refusal = new ApiError("rate_limited", "Too many failed logins.", {
    retryAfter: 899,
    limit: { name: "login", quota: 10, window: 900 },
  });
  const server = await openWiredServer({
    models: [testedModel({ provider: {} as Provider })],
    passwords: { hash: async () => "", matches: () => Promise.reject(refusal), close: async () => {} },
  });
  try {
    const reply = await fetch(`${server.url}/api/login/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username: "jane", password: "a wrong one" }),
    });
    expect([reply.status, await reply.json()]).toMatchObject([429, { code: "rate_limited" }]);
    const [wait, limit, policy] = ["retry-after", "ratelimit", "ratelimit-policy"].map((name) =>
      reply.headers.get(name),
    );
    expect([wait, limit, policy]).toEqual(["899", '"login";r=0;t=899', '"login";q=10;w=900']);
    const other = await fetch(`${server.url}/nowhere`);
    expect(["ratelimit", "ratelimit-policy"].map((name) => other.headers.get(name))).toEqual([null, null]);
  } finally {
    await server.close();
  }
});
