import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { noBrowser, openBrowserAndServer, skippedWithout } from "./visit.ts";

/** docs/browser.md#cors */

/** Serves an empty page, at two origins: `localhost` is another one than `127.0.0.1`. */
async function openOtherSite(): Promise<{ allowed: string; refused: string }> {
  const site = createServer((_, res) => res.setHeader("Content-Type", "text/html").end("<!doctype html>"));
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void site.close());
  const { port } = site.address() as AddressInfo;
  return { allowed: `http://localhost:${port}`, refused: `http://127.0.0.1:${port}` };
}

/** Runs in the page: what it can read of an answer, a stream, a 402 and a 429; or why it can't. */
async function useApi({ url, token }: { url: string; token: string }): Promise<unknown[]> {
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const ask = (headers: Record<string, string> = {}) =>
    post("/api/chat/", { message: "hello" }, { Authorization: `Bearer ${token}`, ...headers });
  const guess = () => post("/api/login/", { username: "jane", password: "wrong" });
  const tries = [
    async () => {
      const { status, headers } = await ask({ "Idempotency-Key": "one", "X-Request-Id": "mine" });
      return [status, ...["tokens-remaining", "model", "x-request-id"].map((name) => headers.get(name))];
    },
    async () => {
      const reply = await ask({ "Idempotency-Key": "one", Accept: "text/event-stream" });
      const text = await reply.text();
      return [reply.headers.get("idempotent-replayed"), text.includes("event: done")];
    },
    async () => {
      const reply = await ask();
      return [reply.status, ((await reply.json()) as { code: string }).code];
    },
    async () => {
      await guess();
      const { status, headers } = await guess();
      return [status, Number(headers.get("retry-after")) > 0];
    },
  ];
  const seen: unknown[] = [];
  for (const attempt of tries) seen.push(await attempt().catch((error: unknown) => String(error)));
  return seen;
}

describe.skipIf(noBrowser !== undefined)(`a page of another origin${skippedWithout}`, () => {
  const { server, visit, change } = openBrowserAndServer({
    startingTokens: 100,
    limitLogin: { count: 1, seconds: 3600 },
  });

  test("asks and reads all of the replies if its origin is allowed, and none otherwise", async () => {
    const { allowed, refused } = await openOtherSite();
    const given = { url: server.url, token: await server.token("jane") };
    await change({ corsOrigin: [allowed] });
    const other = await visit(refused);
    const blocked = "TypeError: Failed to fetch";
    expect(await other.page.evaluate(useApi, given)).toEqual([blocked, blocked, blocked, blocked]);
    const { page } = await visit(allowed);
    expect(await page.evaluate(useApi, given)).toEqual([
      [200, "0", "fake-model", "mine"],
      ["true", true],
      [402, "insufficient_tokens"],
      [429, true],
    ]);
  });
});
