import { expect, onTestFinished, test } from "vitest";
import { digestOfCode, idOfDigest, newCode } from "../../src/server/core/invite-code.ts";
import { inviteInFolder } from "../support/operate-in-folder.ts";
import { PASSWORD, openTestServer, testConfig, type Wishes } from "../support/test-server.ts";

/** `--limit-register` (docs/server.md#limits-on-registrations). */

const LIMIT = { count: 3, seconds: 3600 };
const HOME = "192.0.2.1";

/** A server behind a proxy, which names the client's address. */
async function open(wishes: Wishes = {}) {
  const server = await openTestServer({ trustProxy: 1, limitRegister: LIMIT, ...wishes });
  onTestFinished(() => server.close());
  const register = (
    username: string,
    {
      address = HOME,
      password = PASSWORD,
      invite,
    }: { address?: string; password?: string; invite?: string } = {},
  ) => server.post("/api/register/", { username, password, invite }, { "X-Forwarded-For": address });
  return {
    ...server,
    register,
    /** The code of a new invitation. */
    async invitation(uses: number) {
      const code = newCode();
      const digest = digestOfCode(code);
      const invite = { id: idOfDigest(digest), digest, tokens: null, uses, expires: Date.now() + 3_600_000 };
      await inviteInFolder(server.dir, { create: [invite] }, () => {});
      return code;
    },
    /** Statuses of registrations at once. */
    async burst(times: number, name: (at: number) => string, address = HOME) {
      const replies = await Promise.all(
        Array.from({ length: times }, (_, at) => register(name(at), { address })),
      );
      return replies.map(({ status }) => status).sort((a, b) => a - b);
    },
  };
}

test("an address makes no more accounts than its limit, at once or one after the other", async () => {
  const server = await open();
  expect(await server.burst(8, (at) => `crowd-${at}`)).toEqual([201, 201, 201, 429, 429, 429, 429, 429]);
  const reply = await server.register("late");
  expect([reply.status, await reply.json()]).toMatchObject([429, { code: "rate_limited" }]);
  expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(3000);
  expect(reply.headers.get("ratelimit-policy")).toBe('"register";q=3;w=3600');
  expect((await server.register("elsewhere", { address: "192.0.2.2" })).status).toBe(201);
  const credentials = { username: "late", password: PASSWORD };
  expect((await server.post("/api/login/", credentials)).status).toBe(401);
});

test("what makes no account does not count", async () => {
  const server = await open();
  expect((await server.register("jane")).status).toBe(201);
  expect(await server.burst(6, () => "jane")).not.toContain(201);
  expect((await server.register("short", { password: "short" })).status).toBe(400);
  expect(await server.burst(3, (at) => `crowd-${at}`)).toEqual([201, 201, 429]);
});

test("a network of IPv6 counts as one address", async () => {
  const server = await open({ limitRegister: { count: 1, seconds: 3600 } });
  expect((await server.register("a", { address: "2001:db8::1" })).status).toBe(201);
  expect((await server.register("b", { address: "2001:db8::2" })).status).toBe(429);
  expect((await server.register("c", { address: "2001:db8:0:1::1" })).status).toBe(201);
});

test("loopback is not limited unless proxies are trusted", async () => {
  const server = await open({ trustProxy: undefined });
  expect(await server.burst(5, (at) => `crowd-${at}`)).toEqual([201, 201, 201, 201, 201]);
});

test("SIGHUP takes another limit, and off", async () => {
  const server = await open();
  expect(await server.burst(4, (at) => `one-${at}`)).toEqual([201, 201, 201, 429]);
  const config = (limitRegister: Wishes["limitRegister"]) =>
    testConfig(server.dir, { trustProxy: 1, limitRegister });
  expect(await server.running.reload(config({ count: 4, seconds: 3600 }))).toEqual([]);
  expect(await server.burst(2, (at) => `two-${at}`)).toEqual([201, 429]);
  expect(await server.running.reload(config(undefined))).toEqual([]);
  expect(await server.burst(2, (at) => `three-${at}`)).toEqual([201, 201]);
});

test("a registration with a valid invitation does not count", async () => {
  const server = await open({ limitRegister: { count: 1, seconds: 3600 } });
  const invite = await server.invitation(5);
  for (const name of ["a", "b"]) expect((await server.register(name, { invite })).status).toBe(201);
  expect((await server.register("c")).status).toBe(201);
  expect((await server.register("d")).status).toBe(429);
  expect((await server.register("d", { invite })).status).toBe(201);
});

test("20 wrong codes from an address are taken in an hour, and right ones do not count", async () => {
  const server = await open({ registration: "invite" });
  const invite = await server.invitation(100);
  for (const name of ["a", "b", "c"]) expect((await server.register(name, { invite })).status).toBe(201);
  const wrong = await Promise.all(
    Array.from({ length: 25 }, (_, at) => server.register(`w-${at}`, { invite: newCode() })),
  );
  expect(wrong.filter(({ status }) => status === 403)).toHaveLength(20);
  expect(wrong.filter(({ status }) => status === 429)).toHaveLength(5);
  const right = await server.register("d", { invite });
  expect([right.status, right.headers.get("ratelimit-policy")]).toEqual([429, '"invite";q=20;w=3600']);
  expect((await server.register("d", { invite, address: "192.0.2.2" })).status).toBe(201);
  expect((await server.register("e")).status).toBe(403);
});

test("an address learns of 100 taken names in an hour, and new names do not count", async () => {
  const server = await open({ limitRegister: undefined });
  const invite = await server.invitation(1);
  expect((await server.register("jane")).status).toBe(201);
  expect(await server.burst(102, () => "jane")).toEqual([...Array(100).fill(409), 429, 429]);
  const next = await server.register("joe", { invite });
  expect([next.status, next.headers.get("ratelimit-policy")]).toEqual([429, '"names";q=100;w=3600']);
  expect((await server.register("joe", { invite, address: "192.0.2.2" })).status).toBe(201);
});
