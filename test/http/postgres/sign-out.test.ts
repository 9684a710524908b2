import { describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../../src/server/stores/postgres/database.ts";
import { sweep } from "../../../src/server/stores/postgres/sweep.ts";
import { ownClock } from "../../support/postgres-clock.ts";
import { openPlaces } from "../../support/postgres-places.ts";
import { unhurried } from "../../support/postgres-store.ts";
import { openServers, post, tokenFrom, type Server } from "../../support/postgres-servers.ts";
import { noPostgres, skipped } from "../../support/postgres.ts";
import { PASSWORD } from "../../support/test-server.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** POST /api/logout/ and POST /api/password/ (docs/http-api.md#log-out), where another server has the next request. */
describe.skipIf(noPostgres)(`a token that ended on one server${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const servers = openServers(places);

  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const told = async ({ url }: Server, token: string) => {
    const reply = await fetch(`${url}/api/token_balance/`, { headers: bearer(token) });
    const { code } = (await reply.json()) as { code?: string };
    return code ?? reply.status;
  };
  const logOut = async (server: Server, token: string) =>
    (await post(server, "/api/logout/", {}, bearer(token))).status;
  const stop = async ({ running }: Server) => {
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
  };

  it("is invalid on the other at once after a logout, and after a restart of both", async () => {
    const [one, two] = (await servers.startMany(2)) as [Server, Server];
    const [token, other] = [await tokenFrom(one), await tokenFrom(two)];
    expect(await told(two, token)).toBe(200);
    expect(await logOut(one, token)).toBe(204);
    expect(await told(two, token)).toBe("invalid_token");
    expect(await logOut(two, token)).toBe(401);
    expect(await told(two, other)).toBe(200);
    await Promise.all([stop(one), stop(two)]);
    const three = await servers.start();
    expect(await told(three, token)).toBe("invalid_token");
    expect(await told(three, other)).toBe(200);
  });

  it("is invalid on the other at once after a new password, and after a restart of both", async () => {
    const [one, two] = (await servers.startMany(2)) as [Server, Server];
    const old = [await tokenFrom(one), await tokenFrom(two), await tokenFrom(one)];
    const change = { password: PASSWORD, new_password: "a battery staple" };
    const reply = await post(one, "/api/password/", change, bearer(old[0]!));
    expect(reply.status).toBe(200);
    const { token } = (await reply.json()) as { token: string };
    const seen = async (server: Server) => Promise.all([...old, token].map((each) => told(server, each)));
    const ended = [...old.map(() => "invalid_token"), 200];
    expect(await seen(two)).toEqual(ended);
    const login = (password: string) => post(two, "/api/login/", { username: "jane", password });
    expect((await login(PASSWORD)).status).toBe(401);
    expect((await login("a battery staple")).status).toBe(200);
    await Promise.all([stop(one), stop(two)]);
    expect(await seen(await servers.start())).toEqual(ended);
  });

  it("is replaced once if two servers set a new password at the same time", async () => {
    const [one, two] = (await servers.startMany(2)) as [Server, Server];
    const token = await tokenFrom(one);
    const set = async (server: Server, wanted: string) => {
      const change = { password: PASSWORD, new_password: wanted };
      return (await post(server, "/api/password/", change, bearer(token))).status;
    };
    const statuses = await Promise.all([set(one, "the first one"), set(two, "the second one")]);
    expect(statuses.sort()).toEqual([200, 401]);
  });

  it("is remembered until it would have expired", async () => {
    const clock = await ownClock(places.place, Date.now());
    const server = await servers.start({ AI_CHAT_TOKEN_DAYS: "1" });
    const token = await tokenFrom(server);
    expect(await logOut(server, token)).toBe(204);
    const database = openDatabase({
      connectionString: places.place.url,
      connections: 1,
      ...unhurried,
      warn: () => {},
    });
    places.closers.push(() => database.close());
    const kept = async () => (await places.place.query("SELECT jti FROM chat_revoked")).length;
    const [hour, day] = [3_600_000, 24 * 3_600_000];
    await clock.advance(day - hour);
    await sweep(database);
    expect(await kept()).toBe(1);
    // An hour more, for servers whose clocks are slow.
    await clock.advance(2 * hour + 60_000);
    await sweep(database);
    expect(await kept()).toBe(0);
  });
});
