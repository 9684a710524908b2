import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openCredentials } from "../../src/client/kept/credentials.ts";
import { openOthersServer, openSmallServer, type SmallServer } from "../support/others-server.ts";
import { openRefusingPort } from "../support/refusing-port.ts";
import { runInHome } from "../support/run-inside.ts";
import { makeHome, runProgram, type Ended, type Home } from "../support/run-program.ts";
import { openTestServer, PASSWORD, type TestServer } from "../support/test-server.ts";

/** logout, password, usage and servers, against this package's server and other servers. */

let server: TestServer;
let others: SmallServer;
let home: Home;
let count = 0;
let username: string;
beforeAll(async () => {
  [server, others] = [await openTestServer(), await openOthersServer()];
});
afterAll(async () => {
  await server.close();
  await others.close();
});
beforeEach(async () => {
  home = await makeHome();
  username = `jane${(count += 1)}`;
});
afterEach(() => home.remove());

const NEW = "a battery staple";
/** Runs the program: in this process, unless it reads stdin. */
const run = (
  args: string[],
  more: { env?: Record<string, string>; stdin?: { pipe: string } | undefined } = {},
): Promise<Omit<Ended, "signal">> => (more.stdin ? runProgram : runInHome)(args, { home, ...more });
const register = (at: string) =>
  run(["register", "-s", at, "-u", username], { env: { AI_CHAT_PASSWORD: PASSWORD } });
/** Stores a token as an earlier login would. */
const keep = (at: string) =>
  openCredentials({ dir: join(home.dir, "config", "ai-chat") }).set(at, { token: "t-jane", username });
const credentials = async () => {
  const path = join(home.dir, "config", "ai-chat", "credentials.json");
  return JSON.parse(await readFile(path, "utf8")) as Record<string, { token: string } | undefined>;
};
const statusOf = async (token: string | undefined) => {
  const reply = await fetch(`${server.url}/api/token_balance/`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return reply.status;
};
const change = (lines: string, ...more: string[]) =>
  run(["password", "--password-stdin", ...more], { stdin: { pipe: lines } });

test("logout revokes the token at the server and removes it here", async () => {
  await register(server.url);
  const token = (await credentials())[server.url]?.token;
  const { code, stdout, stderr } = await run(["logout", "--json"]);
  expect({ code, stderr, document: JSON.parse(stdout) as unknown }).toEqual({
    code: 0,
    stderr: "",
    document: { server: server.url, username, revoked: true },
  });
  expect(await statusOf(token)).toBe(401);
  expect(await credentials()).toEqual({});
  expect((await run(["logout"])).stderr).toContain("There was no login");
});

test("logout removes the token here when the server cannot revoke it or doesn't answer", async () => {
  await register(others.url);
  const lacking = await run(["logout"]);
  expect([lacking.code, lacking.stderr]).toEqual([0, expect.stringContaining("until it expires")]);
  expect(await credentials()).toEqual({});
  const gone = await openRefusingPort();
  await keep(gone.url);
  const { code, stdout } = await run(["logout", "-s", gone.url, "--json"]);
  await gone.close();
  expect([code, JSON.parse(stdout)]).toEqual([0, { server: gone.url, username, revoked: false }]);
  expect(await credentials()).toEqual({});
});

test("password reads both passwords from stdin, stores the new token, and revokes the other tokens", async () => {
  await register(server.url);
  const old = (await credentials())[server.url]?.token;
  const { code, stdout, stderr } = await change(`${PASSWORD}\r\n${NEW}\nmore\n`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toContain("is changed");
  const kept = (await credentials())[server.url];
  expect(kept).toMatchObject({ username });
  expect([await statusOf(old), await statusOf(kept?.token)]).toEqual([401, 200]);
  expect((await run(["balance", "-q"])).stdout).toBe("4000\n");
  const login = await run(["login", "-u", username, "--json"], { env: { AI_CHAT_PASSWORD: NEW } });
  expect(JSON.parse(login.stdout)).toEqual({ server: server.url, username, tokens: 4000 });
});

test("logout -u ends only that user's login", async () => {
  await register(server.url);
  const other = await run(["logout", "-u", "somebody"]);
  expect([other.code, other.stderr]).toEqual([0, expect.stringContaining(`${username}'s login stays`)]);
  const document = await run(["logout", "-u", "somebody", "--json"]);
  expect(JSON.parse(document.stdout)).toEqual({ server: server.url, username: null, revoked: null });
  expect((await run(["whoami"])).code).toBe(0);
  expect((await run(["logout", "-u", username.toUpperCase()])).code).toBe(0);
  expect(await credentials()).toEqual({});
});

test("password -u changes that user's password, logged in or not, and leaves another user's login unchanged", async () => {
  await register(server.url);
  expect((await change(`${PASSWORD}\n${NEW}\n`, "-u", username.toUpperCase())).code).toBe(0);
  await run(["logout"]);
  const fresh = await change(`${NEW}\n${PASSWORD}\n`, "-u", username);
  expect([fresh.code, fresh.stderr]).toEqual([0, expect.stringContaining(`logged in as ${username}`)]);
  expect((await run(["whoami", "--json"])).stdout).toContain(`"username":"${username}"`);

  const first = username;
  username = `john${count}`;
  await register(server.url);
  const { code, stdout } = await change(`${PASSWORD}\n${NEW}\n`, "-u", first, "--json");
  expect([code, JSON.parse(stdout)]).toEqual([0, { server: server.url, username: first }]);
  expect((await run(["whoami", "--json"])).stdout).toContain(`"username":"${username}"`);
  const login = await run(["login", "-u", first], { env: { AI_CHAT_PASSWORD: NEW } });
  expect(login.code).toBe(0);
});

test("password -u revokes the token that it needed, also when the new password is refused", async () => {
  const strict = await openSmallServer(({ url }, response) => {
    const [status, body] =
      url === "/api/login/" ? [200, { token: "made" }] : [url === "/api/password/" ? 400 : 204, {}];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  });
  const { code } = await change(`${PASSWORD}\n${NEW}\n`, "-s", strict.url, "-u", username);
  await strict.close();
  expect(code).toBe(2);
  expect(strict.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ["/api/login/", undefined],
    ["/api/password/", "Bearer made"],
    ["/api/logout/", "Bearer made"],
  ]);
  expect(await credentials().catch(() => ({}))).toEqual({});
});

test("password ends with exit 4 for a wrong current password and 2 for an invalid new one, and keeps the login", async () => {
  await register(server.url);
  const wrong = await change(`wrong horse\n${NEW}\n`);
  expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining("Your password was not changed")]);
  const short = await change(`${PASSWORD}\nshort\n`, "--json");
  expect([short.code, short.stdout, JSON.parse(short.stderr)]).toEqual([
    2,
    "",
    { error: expect.objectContaining({ code: "invalid_request", status: 400 }) },
  ]);
  for (const { stderr } of [wrong, short]) expect(stderr).not.toMatch(/wrong horse|battery|correct horse/);
  expect((await run(["whoami"])).code).toBe(0);
});

test.each([
  ["one line on stdin", ["--password-stdin"], { pipe: `${PASSWORD}\n` }],
  ["an empty stdin", ["--password-stdin"], { pipe: "" }],
  ["no password to read", [], undefined],
])("password with %s ends with exit 2 before sending anything", async (_, args, stdin) => {
  const silent = await openSmallServer(() => {});
  const env = { AI_CHAT_TOKEN: "tok", AI_CHAT_PASSWORD: PASSWORD };
  const { code, stderr } = await run(["password", "-s", silent.url, "--json", ...args], { stdin, env });
  await silent.close();
  expect([code, JSON.parse(stderr)]).toEqual([
    2,
    { error: { code: "input_required", message: expect.any(String) } },
  ]);
  expect(silent.seen).toHaveLength(0);
});

test("usage draws a bar for each day and prints the sum, and --json prints the API's document", async () => {
  await register(server.url);
  for (const question of ["one", "two"]) await run(["ask", question]);
  const { stdout } = await run(["usage", "--days", "3"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  for (const line of lines.slice(0, 3)) expect(line).toMatch(/^\d{4}-\d\d-\d\d {2}(█+ )?\d questions?$/);
  expect(lines.filter((line) => line.includes("█")).length).toBeGreaterThan(0);
  expect(lines[3]).toBe("2 questions, 200 tokens in 3 days; 3,800 tokens left");
  const ascii = await run(["usage", "--days", "3"], { env: { LANG: "C" } });
  expect(ascii.stdout).toMatch(/^[\x20-\x7e\n]+$/);
  const token = (await credentials())[server.url]?.token;
  const now = async () => {
    const reply = await fetch(`${server.url}/api/usage/`, { headers: { Authorization: `Bearer ${token}` } });
    return reply.json();
  };
  // The day can change between the two calls.
  const before = await now();
  const document = JSON.parse((await run(["usage", "--json"])).stdout) as unknown;
  expect([before, await now()]).toContainEqual(document);
});

test("usage and password end with exit 1 and not_offered at a server without them", async () => {
  await register(others.url);
  for (const ended of [await run(["usage", "--json"]), await change(`${PASSWORD}\n${NEW}\n`, "--json")]) {
    expect([ended.code, ended.stdout, JSON.parse(ended.stderr)]).toEqual([
      1,
      "",
      { error: { code: "not_offered", message: expect.stringContaining(others.url), status: 404 } },
    ]);
  }
  const keys = await run(["keys", "list", "--json"]);
  const { error } = JSON.parse(keys.stderr) as { error: object };
  expect([keys.code, error]).toEqual([
    1,
    { code: "not_offered", message: expect.stringContaining("has no API keys") },
  ]);
  expect((await run(["whoami"])).code).toBe(0);
});

test.each(["0", "91", "x", "1.5"])("usage --days %s ends with exit 2", async (days) => {
  const { code, stderr } = await run(["usage", "--days", days], { env: { AI_CHAT_TOKEN: "tok" } });
  expect([code, stderr]).toEqual([2, expect.stringContaining("a whole number from 1 to 90")]);
});

test("usage and password without a token end with exit 4", async () => {
  expect((await run(["usage"])).code).toBe(4);
  expect((await change(`${PASSWORD}\n${NEW}\n`)).code).toBe(4);
});

test("servers lists each server that has a token, its balance if known, and the default", async () => {
  expect(await run(["servers", "--json"])).toMatchObject({ code: 0, stdout: "[]\n", stderr: "" });
  const gone = await openRefusingPort();
  for (const at of [server.url, others.url]) await register(at);
  await keep(gone.url);
  const { code, stdout, stderr } = await run(["servers", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const rows = [
    { server: server.url, username, tokens: 4000, default: true },
    { server: others.url, username, tokens: 4000, default: false },
    { server: gone.url, username, tokens: null, default: false },
  ];
  expect(JSON.parse(stdout)).toEqual(expect.arrayContaining(rows));
  const lines = (await run(["servers"])).stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines.find((line) => line.startsWith("*"))).toMatch(
    new RegExp(`${server.url} +${username} +4,000 tokens`),
  );
  expect(lines.find((line) => line.includes(gone.url))).toContain("balance not known");
  for (const line of lines) expect(line).not.toMatch(/t-jane|eyJ/);
  await gone.close();
});
