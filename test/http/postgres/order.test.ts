import { beforeEach, describe, expect, it, vi } from "vitest";
import { answer } from "../../support/openai-server.ts";
import { openPlaces } from "../../support/postgres-places.ts";
import { openServers, post, tokenFrom, type Server } from "../../support/postgres-servers.ts";
import { balanced } from "../../support/postgres-store.ts";
import { noPostgres, skipped } from "../../support/postgres.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** docs/http-api.md#order-of-checks, where the hold checks the account. */
describe.skipIf(noPostgres)(`a question to ai-chat serve on Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const servers = openServers(places);
  let server: Server;
  let token: string;
  beforeEach(async () => {
    server = await servers.start();
    token = await tokenFrom(server);
    servers.upstream.respond(answer("Hello."));
  });

  const bad = { message: "" };
  const good = { message: "hello" };
  const badKey = { "Idempotency-Key": "a b" };

  async function codeOf(body: object, headers: Record<string, string> = {}): Promise<unknown> {
    const reply = await post(server, "/api/chat/", body, { Authorization: `Bearer ${token}`, ...headers });
    const { code } = (await reply.json()) as { code?: string };
    return code ?? reply.status;
  }

  /** A new API key of the account. */
  async function apiKey(): Promise<string> {
    const reply = await post(server, "/api/keys/", { name: "script" }, { Authorization: `Bearer ${token}` });
    return ((await reply.json()) as { key: string }).key;
  }

  const allCodes = async () => [
    await codeOf(good),
    await codeOf(good, { Accept: "text/event-stream" }),
    await codeOf(bad),
    await codeOf(good, badKey),
    await codeOf(good, { "Idempotency-Key": "used" }),
  ];

  async function untouched(): Promise<void> {
    expect(servers.upstream.requests).toHaveLength(1);
    const [sum] = await places.place.query("SELECT sum(held)::int AS held FROM chat_accounts");
    expect(sum).toEqual({ held: 0 });
    expect(await balanced(places.place)).toBe(true);
  }

  it("is refused for its fields, its key and its balance if its login is good", async () => {
    let log = "";
    server.running.child.stderr?.on("data", (text: string) => (log += text));
    expect(await codeOf(good)).toBe(200);
    expect(await codeOf(bad)).toBe("invalid_request");
    expect(await codeOf(good, badKey)).toBe("invalid_request");
    await places.place.query("UPDATE chat_accounts SET tokens = 99");
    await places.place.query("UPDATE chat_ledger SET tokens = tokens - 3801 WHERE kind = 'account'");
    expect(await codeOf(good)).toBe("insufficient_tokens");
    await untouched();
    const logged = () => log.split("\n").filter((line) => line.includes("/api/chat/"));
    await vi.waitUntil(() => logged().length === 4, { timeout: 60_000 });
    for (const line of logged()) expect(JSON.parse(line)).toMatchObject({ account: "jane" });
  });

  it("takes two round trips, of which the first also checks the login", async () => {
    const wire = await openTcpProxy(places.cluster.port);
    places.closers.push(() => wire.close());
    server = await servers.start({ AI_CHAT_STORE: wire.through(places.place.url) });
    const sent: string[] = [];
    wire.seen = (data) => sent.push(data.toString("latin1"));
    expect(await codeOf(good)).toBe(200);
    const roundTrips = async () => {
      const [row] = await places.place.query<{ id: string; account: string }>(
        "SELECT id, account FROM chat_questions ORDER BY charged_at DESC",
      );
      // The sweeper's statements name neither.
      const withText = (text = "") => sent.filter((data) => data.includes(text)).length;
      return [withText(row?.id), withText(row?.account)];
    };
    expect(await roundTrips()).toEqual([2, 1]);
    // The first question with an API key looks for its owner.
    token = await apiKey();
    expect(await codeOf(good)).toBe(200);
    sent.length = 0;
    expect(await codeOf(good)).toBe(200);
    expect(await roundTrips()).toEqual([2, 1]);
  });

  it("is refused for an API key that was ended or has expired before anything else", async () => {
    token = await apiKey();
    expect(await codeOf(good, { "Idempotency-Key": "used" })).toBe(200);
    await places.place.query("UPDATE chat_api_keys SET expires = now() - interval '1 second'");
    expect(await allCodes()).toEqual(Array(5).fill("invalid_token"));
    await untouched();
  });

  it("is refused for a login that ended before anything else", async () => {
    expect(await codeOf(good, { "Idempotency-Key": "used" })).toBe(200);
    const ended = await post(server, "/api/logout/", {}, { Authorization: `Bearer ${token}` });
    expect(ended.status).toBe(204);
    expect(await allCodes()).toEqual(Array(5).fill("invalid_token"));
    await untouched();
  });

  it("is refused for an account that is disabled before anything else", async () => {
    expect(await codeOf(good, { "Idempotency-Key": "used" })).toBe(200);
    await places.place.query("UPDATE chat_accounts SET disabled = true");
    expect(await allCodes()).toEqual(Array(5).fill("account_disabled"));
    await untouched();
  });
});
