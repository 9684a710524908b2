import { Client } from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { answer, after, type FakeOpenAi } from "../../support/openai-server.ts";
import { ownClock } from "../../support/postgres-clock.ts";
import { openPlaces } from "../../support/postgres-places.ts";
import { ask, balance, openServers, post, tokenFrom, type Server } from "../../support/postgres-servers.ts";
import { balanced } from "../../support/postgres-store.ts";
import { noOwnPostgres, noPostgres, type Place, skipped } from "../../support/postgres.ts";
import { PASSWORD } from "../../support/test-server.ts";

// Four servers are started for one test, on a machine that others share.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

describe.skipIf(noPostgres)(`ai-chat serve, several times on one Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces({});
  const servers = openServers(places);
  const start = () => servers.start();
  const startMany = (count: number) => servers.startMany(count);
  let place: Place;
  let upstream: FakeOpenAi;
  beforeEach(() => {
    ({ place } = places);
    ({ upstream } = servers);
  });

  it.each([2, 4])("answers exactly 40 of 60 concurrent questions through %d servers", async (count) => {
    const all = await startMany(count);
    const token = await tokenFrom(all[0]!);
    let release = () => {};
    upstream.respond(after(new Promise<void>((resolve) => (release = resolve)), answer("Hello.")));
    const asked = Array.from({ length: 60 }, (_, index) => ask(all[index % count]!, token, `key-${index}`));
    // The twenty that are refused are refused while the forty are being answered.
    let refused = 0;
    for (const reply of asked) void reply.then(({ status }) => (refused += status === 402 ? 1 : 0));
    await upstream.arrived(40);
    await vi.waitUntil(() => refused === 20, { timeout: 150_000 });
    release();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(40);
    expect(statuses.filter((status) => status === 402)).toHaveLength(20);
    for (const server of all) expect(await balance(server, token)).toEqual({ tokens: 0, held: 0 });
    expect(upstream.requests).toHaveLength(40);
    expect(await balanced(place)).toBe(true);
  });

  it("answers one of two concurrent questions with the same key, and repeats the answer on any server", async () => {
    const [one, two] = (await startMany(2)) as [Server, Server];
    const token = await tokenFrom(one);
    let release = () => {};
    upstream.respond(after(new Promise<void>((resolve) => (release = resolve)), answer("Hello.")));
    const both = [ask(one, token, "key"), ask(two, token, "key")];
    const first = await Promise.race(both);
    expect(first.status).toBe(409);
    expect(await first.json()).toMatchObject({ code: "request_in_progress" });
    release();
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.sort((a, b) => a - b)).toEqual([200, 409]);
    upstream.respond(answer("Hello again."));
    const replays = [await ask(one, token, "key"), await ask(two, token, "key")];
    for (const replay of replays) {
      expect(replay.status).toBe(200);
      expect(replay.headers.get("idempotent-replayed")).toBe("true");
    }
    expect(await balance(two, token)).toEqual({ tokens: 3900, held: 0 });
  });

  it("counts registrations, wrong codes and wrong passwords of an address together with other servers", async () => {
    const env = { AI_CHAT_TRUST_PROXY: "1", AI_CHAT_LIMIT_REGISTER: "3/1h", AI_CHAT_LIMIT_LOGIN: "4/1h" };
    const all = await Promise.all([servers.start(env), servers.start(env)]);
    /** How many of `times` requests in turn get each status. */
    const statuses = async (times: number, path: string, body: (at: number) => object) => {
      const found: Record<number, number> = {};
      for (let at = 0; at < times; at += 1) {
        const from = { "X-Forwarded-For": "192.0.2.1" };
        const { status } = await post(all[at % 2]!, path, body(at), from);
        found[status] = (found[status] ?? 0) + 1;
      }
      return found;
    };
    const account = (at: number) => ({ username: `user-${at}`, password: PASSWORD });
    const register = "/api/register/";
    expect(await statuses(6, register, account)).toEqual({ 201: 3, 429: 3 });
    const guest = (at: number) => ({ ...account(at), invite: `wrong-${at}` });
    expect(await statuses(24, register, guest)).toEqual({ 403: 20, 429: 4 });
    const guess = () => ({ username: "user-0", password: "wrong" });
    expect(await statuses(8, "/api/login/", guess)).toEqual({ 401: 4, 429: 4 });
  });

  it("accepts a token of another server, and refuses a name that another server registered", async () => {
    const [one, two] = (await startMany(2)) as [Server, Server];
    const token = await tokenFrom(one);
    expect((await ask(two, token)).status).toBe(200);
    expect((await post(two, "/api/register/", { username: "JANE", password: PASSWORD })).status).toBe(409);
    expect(await balance(one, token)).toEqual({ tokens: 3900, held: 0 });
  });

  it("frees the holds of a killed server when they expire, and answers 409 to its keys until then", async () => {
    const clock = await ownClock(place, Date.now());
    const [one, two] = (await startMany(2)) as [Server, Server];
    const token = await tokenFrom(two);
    upstream.respond(after(new Promise(() => {}), answer("never")));
    const lost = ["a", "b", "c"].map((key) => ask(one, token, key).catch(() => "lost"));
    await upstream.arrived(3);
    one.running.child.kill("SIGKILL");
    expect(await Promise.all(lost)).toEqual(["lost", "lost", "lost"]);
    upstream.respond(answer("Hello."));
    expect(await balance(two, token)).toEqual({ tokens: 4000, held: 300 });
    expect((await ask(two, token, "a")).status).toBe(409);
    // 120 s for the question and 10 more, less what a busy server took from its look at its clock to the hold.
    const [ends] = await place.query<{ first: number; last: number }>(
      `SELECT extract(epoch FROM min(expires))::float8 * 1000 AS first,
              extract(epoch FROM max(expires))::float8 * 1000 AS last FROM chat_questions`,
    );
    const { first = 0, last = 0 } = ends ?? {};
    expect(last - clock.now()).toBeGreaterThan(0);
    expect(last - clock.now()).toBeLessThanOrEqual(130_000);
    await clock.advance(first - 1 - clock.now());
    expect((await ask(two, token, "a")).status).toBe(409);
    await clock.advance(last + 1 - clock.now());
    expect(await balance(two, token)).toEqual({ tokens: 4000, held: 0 });
    const reply = await ask(two, token, "a");
    expect(reply.status).toBe(200);
    expect(reply.headers.get("idempotent-replayed")).toBeNull();
    expect(await balance(two, token)).toEqual({ tokens: 3900, held: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it.skipIf(noOwnPostgres)(
    "says that it is not ready while the database is down, and comes back by itself",
    async () => {
      const server = await start();
      const token = await tokenFrom(server);
      const ready = async () => (await fetch(`${server.url}/readyz`)).status;
      expect(await ready()).toBe(200);
      await places.cluster.crash();
      expect(await ready()).toBe(503);
      const refused = await ask(server, token);
      expect(refused.status).toBe(503);
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(await refused.json()).toMatchObject({ code: "store_unavailable" });
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      await places.cluster.start();
      await vi.waitUntil(async () => (await ready()) === 200, { timeout: 150_000 });
      expect((await ask(server, token)).status).toBe(200);
      expect(await balance(server, token)).toEqual({ tokens: 3900, held: 0 });
    },
  );

  it("uses at most --store-connections connections, including the readiness check's", async () => {
    const server = await servers.start({ AI_CHAT_STORE_CONNECTIONS: "3" });
    const tokens: string[] = [];
    for (const name of ["jane", "john", "joan", "jack"]) tokens.push(await tokenFrom(server, name));
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    places.closers.push(() => operator.end());
    await operator.query("BEGIN");
    await operator.query("SELECT id FROM chat_accounts FOR UPDATE");
    const replies = Promise.all([...tokens, ...tokens].map((token) => ask(server, token)));
    const states = async () =>
      (
        await place.query<{ waiting: boolean }>(
          "SELECT wait_event_type = 'Lock' AS waiting FROM pg_stat_activity WHERE application_name = $1",
          [place.name],
        )
      ).map(({ waiting }) => waiting);
    await vi.waitUntil(async () => (await states()).filter(Boolean).length === 2, { timeout: 60_000 });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    // Two more are the operator's and the one that asks.
    expect(await states()).toHaveLength(3 + 2);
    await operator.query("ROLLBACK");
    expect(new Set((await replies).map(({ status }) => status))).toEqual(new Set([200]));
  });

  it("shuts down on SIGTERM after answering a question in flight", async () => {
    const server = await start();
    const token = await tokenFrom(server);
    let release = () => {};
    upstream.respond(after(new Promise<void>((resolve) => (release = resolve)), answer("Hello.")));
    const reply = ask(server, token);
    await upstream.arrived(1);
    server.running.child.kill("SIGTERM");
    await vi.waitUntil(
      async () => {
        const status = await fetch(`${server.url}/readyz`).then(
          (ready) => ready.status,
          () => 503,
        );
        return status === 503;
      },
      { timeout: 150_000 },
    );
    release();
    expect((await reply).status).toBe(200);
    expect((await server.running.ended).code).toBe(0);
    expect(await place.query("SELECT tokens::int, held::int FROM chat_accounts")).toEqual([
      { tokens: 3900, held: 0 },
    ]);
  });
});
