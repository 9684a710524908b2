import { expect, onTestFinished, test } from "vitest";
import { PASSWORD, openTestServer, type Wishes } from "../support/test-server.ts";

const LIMIT = { count: 3, seconds: 900 };
const HOME = "192.0.2.1";

/** A server behind a proxy, which names the client's address, and its account jane. */
async function open(wishes: Wishes = {}) {
  const server = await openTestServer({ trustProxy: 1, limitLogin: LIMIT, ...wishes });
  onTestFinished(() => server.close());
  const token = await server.token("jane");
  const send = (path: string, body: object, address: string, headers = {}) =>
    server.post(path, body, { "X-Forwarded-For": address, ...headers });
  const logIn = (username: string, password: string, address = HOME) =>
    send("/api/login/", { username, password }, address);
  return {
    ...server,
    logIn,
    /** Statuses of wrong passwords, one after the other. */
    async guess(times: number, name = "jane", address = HOME) {
      const statuses: number[] = [];
      for (let guess = 0; guess < times; guess += 1)
        statuses.push((await logIn(name, "wrong", address)).status);
      return statuses;
    },
    changePassword: (password: string, address = HOME) =>
      send("/api/password/", { password, new_password: PASSWORD }, address, {
        Authorization: `Bearer ${token}`,
      }),
  };
}

test("refuses a name after so many wrong passwords from one address, and says when it is free again", async () => {
  const server = await open();
  expect(await server.guess(5)).toEqual([401, 401, 401, 429, 429]);
  const reply = await server.logIn("jane", PASSWORD);
  expect([reply.status, await reply.json()]).toMatchObject([429, { code: "rate_limited" }]);
  expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(800);
  expect(reply.headers.get("ratelimit-policy")).toBe('"login";q=3;w=900');
  expect((await server.logIn("JANE", PASSWORD)).status).toBe(429);
  expect((await server.logIn("jane", PASSWORD, "192.0.2.2")).status).toBe(200);
});

test("refuses an unknown name in the same way", async () => {
  const server = await open();
  const known = await server.guess(4);
  expect(await server.guess(4, "nobody")).toEqual(known);
  const [one, other] = [await server.logIn("jane", "wrong"), await server.logIn("nobody", "wrong")];
  const seen = async (reply: Response) => ({
    ...((await reply.json()) as object),
    request_id: "",
    policy: reply.headers.get("ratelimit-policy"),
  });
  expect(await seen(other)).toEqual(await seen(one));
});

test("takes no more guesses of a parallel burst than of a slow one", async () => {
  const server = await open();
  const replies = await Promise.all(Array.from({ length: 20 }, () => server.logIn("jane", "wrong")));
  const statuses = replies.map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(3);
  expect(statuses.filter((status) => status === 429)).toHaveLength(17);
});

test("forgets wrong passwords once the right one came", async () => {
  const server = await open();
  expect(await server.guess(2)).toEqual([401, 401]);
  expect((await server.logIn("jane", PASSWORD)).status).toBe(200);
  expect(await server.guess(4)).toEqual([401, 401, 401, 429]);
});

test("counts right passwords for no limit", async () => {
  const one = { count: 1, seconds: 900 };
  const server = await open({ limitLogin: one, limitLoginAddress: one, limitLoginStrangers: one });
  for (let login = 0; login < 5; login += 1) expect((await server.logIn("jane", PASSWORD)).status).toBe(200);
});

test("counts wrong present passwords of a change of password with those of logins", async () => {
  const server = await open();
  expect(await server.guess(2)).toEqual([401, 401]);
  expect((await server.changePassword("wrong")).status).toBe(401);
  expect((await server.changePassword(PASSWORD)).status).toBe(429);
  expect(await server.guess(1)).toEqual([429]);
  expect((await server.changePassword(PASSWORD, "192.0.2.2")).status).toBe(200);
});

test("refuses an address after so many wrong passwords for any names", async () => {
  const server = await open({ limitLoginAddress: LIMIT });
  for (const name of ["a", "b", "c"]) expect(await server.guess(1, name)).toEqual([401]);
  const reply = await server.logIn("jane", PASSWORD);
  expect(reply.status).toBe(429);
  expect(reply.headers.get("ratelimit-policy")).toBe('"login-address";q=3;w=900');
  expect((await server.logIn("jane", PASSWORD, "192.0.2.2")).status).toBe(200);
});

test("counts an IPv6 network of 64 bits as one address", async () => {
  const server = await open({ limitLoginAddress: LIMIT });
  const statuses: number[] = [];
  for (const end of ["1", "2", "3", "4"])
    statuses.push((await server.logIn("jane", "wrong", `2001:db8:0:1::${end}`)).status);
  expect(statuses).toEqual([401, 401, 401, 429]);
  expect((await server.logIn("jane", PASSWORD, "2001:db8:0:2::1")).status).toBe(200);
});

test("does not limit loopback by address, unless a proxy is trusted", async () => {
  const server = await open({ trustProxy: undefined, limitLoginAddress: LIMIT });
  for (const name of ["a", "b", "c", "d"]) expect(await server.guess(1, name)).toEqual([401]);
  const behind = await open({ limitLoginAddress: LIMIT });
  for (const name of ["a", "b", "c"]) expect(await behind.guess(1, name, "127.0.0.1")).toEqual([401]);
  expect(await behind.guess(1, "d", "127.0.0.1")).toEqual([429]);
});

test("refuses a name after so many wrong passwords from anywhere", async () => {
  const server = await open({ limitLoginStrangers: LIMIT });
  for (const end of [1, 2, 3]) expect(await server.guess(1, "nobody", `203.0.113.${end}`)).toEqual([401]);
  const reply = await server.logIn("nobody", "wrong", "203.0.113.4");
  expect(reply.status).toBe(429);
  expect(reply.headers.get("ratelimit-policy")).toBe('"login-strangers";q=3;w=900');
});

test("strangers cannot lock a name out where it has logged in before, or where it was registered", async () => {
  const server = await open({ limitLoginStrangers: LIMIT });
  const jack = { username: "jack", password: PASSWORD };
  await server.post("/api/register/", jack, { "X-Forwarded-For": "192.0.2.9" });
  expect((await server.logIn("jane", PASSWORD)).status).toBe(200);
  for (const name of ["jane", "jack"]) {
    for (const end of [1, 2, 3]) expect(await server.guess(1, name, `203.0.113.${end}`)).toEqual([401]);
    expect((await server.logIn(name, PASSWORD, "203.0.113.4")).status).toBe(429);
  }
  expect((await server.logIn("jane", PASSWORD)).status).toBe(200);
  expect((await server.logIn("jack", PASSWORD, "192.0.2.9")).status).toBe(200);
  expect((await server.changePassword(PASSWORD)).status).toBe(200);
  // Nobody else is known there, and wrong passwords from there still count.
  expect((await server.logIn("jack", PASSWORD)).status).toBe(429);
  expect(await server.guess(4)).toEqual([401, 401, 401, 429]);
});

test("an address where a login failed is not known", async () => {
  const server = await open({ limitLoginStrangers: LIMIT, limitLogin: { count: 100, seconds: 900 } });
  expect(await server.guess(4, "jane", "203.0.113.1")).toEqual([401, 401, 401, 429]);
});

test("off turns all three off", async () => {
  const server = await open({ limitLogin: undefined, limitLoginAddress: LIMIT, limitLoginStrangers: LIMIT });
  expect(await server.guess(6)).toEqual(Array(6).fill(401));
});
