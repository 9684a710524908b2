import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openFramework, PRICE, type Framework } from "../support/dialects/framework.ts";
import { frameworkNamed, frameworks } from "../support/dialects/frameworks.ts";
import { http, openRawServer, type RawReply } from "../support/raw-server.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

/** The commands at servers that others wrote with a framework (docs/cli.md#other-servers). */

let home: Home;
const open: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  home = await makeHome();
  moveInto(home, { AI_CHAT_PASSWORD: "correct horse" });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await home.remove();
});

async function meet(framework: Framework, tokens = 4000) {
  const server = await openFramework(framework, tokens);
  open.push(server);
  return { server, run: (...args: string[]) => runInside([...args, "-s", server.url]) };
}

async function answering(replies: Record<string, RawReply>) {
  const server = await openRawServer(({ method, url }) => replies[`${method} ${url}`] ?? http(404));
  open.push(server);
  return { server, run: (...args: string[]) => runInside([...args, "-s", server.url]) };
}

const failed = ({ code, stderr }: { code: number | null; stderr: string }) => {
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
  return { exit: code, ...error };
};

const question = ["ask", "--no-stdin", "hi"];

describe("at a server of another framework", () => {
  test.each(frameworks)("the commands do their work: %s", async (_, framework) => {
    const { server, run } = await meet(framework);
    expect((await run("doctor")).code).toBe(0);
    expect((await run("register", "-u", "jane")).code).toBe(0);
    expect(await run(...question)).toMatchObject({ code: 0, stdout: "You said: hi\n", stderr: "" });
    server.seen.splice(0);
    expect((await run(...question)).code).toBe(0);
    // The scheme was remembered with the login.
    expect(server.seen.map(({ url }) => url)).toEqual(["/api/chat/"]);
    expect(server.charged).toHaveLength(2);
    const tokens = framework.balance ? 4000 - 2 * PRICE : null;
    const balance = await run("balance", "-q");
    expect(balance).toMatchObject(
      tokens === null ? { code: 1, stdout: "" } : { code: 0, stdout: `${tokens}\n` },
    );
    server.seen.splice(0);
    await run("balance", "-q");
    // So was the place of the balance, or that there is none.
    expect(server.seen.map(({ url }) => url)).toEqual([framework.balance?.[0] ?? "/api/token_balance/"]);
    const login = await run("login", "-u", "jane", "--json");
    expect(JSON.parse(login.stdout)).toEqual({ server: server.url, username: "jane", tokens });
    expect((await run("doctor")).code).toBe(0);
    expect(JSON.parse((await run("whoami", "--json")).stdout)).toMatchObject({ username: "jane", tokens });
  });

  test.each(frameworks)("an empty balance ends ask with exit 5: %s", async (_, framework) => {
    const { run } = await meet(framework, 50);
    await run("register", "-u", "jane");
    expect(failed(await run(...question, "--json"))).toMatchObject({ exit: 5, code: "insufficient_tokens" });
    expect((await run(...question)).stderr).toMatch(
      /^ai-chat: .+\nAsk whoever runs the server for more\..+\n$/,
    );
  });

  test.each(frameworks)("a wrong password ends login with exit 4: %s", async (_, framework) => {
    const { run } = await meet(framework);
    await run("register", "-u", "jane");
    vi.stubEnv("AI_CHAT_PASSWORD", "wrong horse");
    const [json, words] = [await run("login", "-u", "jane", "--json"), await run("login", "-u", "jane")];
    vi.stubEnv("AI_CHAT_PASSWORD", "correct horse");
    expect(failed(json)).toMatchObject({ exit: 4, code: "invalid_credentials" });
    expect(words.stderr).toMatch(/\nCheck name and password, or make an account: .+\n$/);
  });

  test("a token that is refused right after its login ends login and ask with exit 4", async () => {
    for (const name of ["Django REST framework, Token behind SessionAuthentication", "Djoser", "simplejwt"]) {
      const framework = frameworkNamed(name);
      const { server, run } = await meet({ ...framework, balance: ["/api/token_balance/", "tokens"] });
      await run("register", "-u", "jane");
      server.refuseTokens();
      const refused = `${server.url} refuses the token that it has just given: `;
      expect(failed(await run("login", "-u", "jane", "--json"))).toMatchObject({
        exit: 4,
        code: "invalid_token",
        message: expect.stringContaining(refused),
      });
      const login = await run("login", "-u", "jane");
      expect(login).toMatchObject({ code: 4, stdout: "" });
      expect(login.stderr).toMatch(
        /^ai-chat: .+ that it has just given: .+\nAsk whoever runs the server\.\n$/,
      );
      const ask = failed(await run(...question, "--json"));
      expect(ask).toMatchObject({
        exit: 4,
        code: "invalid_token",
        message: expect.stringContaining(refused),
      });
      const doctor = await run("doctor", "--json");
      expect([doctor.code, JSON.parse(doctor.stdout).token.valid]).toEqual([4, false]);
    }
  });

  test("the session asks, shows the balance, and asks for no password again", async () => {
    const framework = frameworkNamed("Django REST framework, Token behind BasicAuthentication");
    const { server, run } = await meet(framework);
    await run("register", "-u", "jane");
    const chat = (typed: string, { url } = server) =>
      runProgram(["chat", "--plain", "-s", url], { home, stdin: { pipe: typed } });
    const { code, stdout, stderr } = await chat("hi\n/balance\n");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "You said: hi\n" });
    expect(stderr).toContain("3,900 tokens");
    expect(server.charged).toHaveLength(1);
    const other = await meet(frameworkNamed("Django REST framework, Token behind SessionAuthentication"));
    other.server.refuseTokens();
    const registered = await other.run("register", "-u", "max");
    expect(registered.code).toBe(4);
    expect(registered.stderr).toMatch(
      /^ai-chat: The account was made, but .+ refuses the token that it has just given/,
    );
    const refused = await chat("hi\n/quit\n", other.server);
    expect(refused).toMatchObject({ code: 0, stdout: "" });
    expect(refused.stderr).toContain("refuses the token that it has just given");
    expect(refused.stderr).not.toMatch(/[Pp]assword|Log in/);
  });

  test("nothing about a new token is kept once the server has accepted it", async () => {
    const { server, run } = await meet(frameworkNamed("Djoser"));
    await run("register", "-u", "jane");
    const entry = async () => {
      const text = await readFile(join(home.dir, "config", "ai-chat", "credentials.json"), "utf8");
      return (JSON.parse(text) as Record<string, object>)[server.url];
    };
    expect(await entry()).toEqual({ token: "t-jane", username: "jane", scheme: "Token" });
    await run("login", "-u", "jane");
    expect(await entry()).toEqual({ token: "t-jane", username: "jane", scheme: "Token" });
    server.refuseTokens();
    await run("login", "-u", "jane");
    expect(await entry()).toMatchObject({ token: "t-jane", given: expect.any(Number) });
  });

  test("AI_CHAT_TOKEN is sent under Bearer alone", async () => {
    const { server, run } = await meet(frameworkNamed("dj-rest-auth"));
    vi.stubEnv("AI_CHAT_TOKEN", "t-jane");
    const ended = await run(...question, "--json");
    vi.stubEnv("AI_CHAT_TOKEN", undefined);
    expect(failed(ended)).toMatchObject({ exit: 4, code: "forbidden" });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer t-jane"]);
  });
});

describe("register", () => {
  test("says that the account was made if the login after it gives no token", async () => {
    const { server, run } = await answering({
      "POST /api/register/": http(201, { message: "User created successfully" }),
      "POST /api/login/": http(200, { message: "Welcome", user: { id: 7 } }),
    });
    const words = await run("register", "-u", "jane");
    expect(words).toMatchObject({ code: 1, stdout: "" });
    expect(words.stderr).toContain(
      `The account was made, but the login failed: The login at ${server.url} gave no token.\nLog in: `,
    );
    expect(failed(await run("register", "-u", "jane", "--json"))).toMatchObject({
      exit: 1,
      code: "bad_reply",
    });
    expect((await run("login", "-u", "jane")).stderr).toMatch(/^ai-chat: The login at \S+ gave no token\.\n/);
  });

  test("says so too if that login is refused", async () => {
    const { run } = await answering({
      "POST /api/register/": http(201, {}),
      "POST /api/login/": http(401, { detail: "Confirm your address first." }),
    });
    const { code, stderr } = await run("register", "-u", "jane");
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^ai-chat: The account was made, but the login failed: Confirm your address first\.\nLog in: .+ login -s http\S+\n$/,
    );
  });

  test("doesn't advise to log in where the server answers 401", async () => {
    const { run } = await answering({
      "POST /api/register/": http(401, { detail: "Registration is closed." }),
    });
    expect((await run("register", "-u", "jane")).stderr).toBe(
      "ai-chat: Registration is closed.\nAsk whoever runs the server.\n",
    );
    expect(failed(await run("register", "-u", "jane", "--json"))).toMatchObject({
      exit: 4,
      code: "forbidden",
    });
  });

  test("prints a line for each field that FastAPI complains about", async () => {
    const detail = [
      { type: "missing", loc: ["body", "email"], msg: "Field required", input: { username: "jane" } },
      {
        type: "string_too_short",
        loc: ["body", "password"],
        msg: "String should have at least 20 characters",
      },
    ];
    const { run } = await answering({ "POST /api/register/": http(422, { detail }) });
    const { code, stderr } = await run("register", "-u", "jane");
    expect(code).toBe(2);
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      "ai-chat: email: Field required",
      "password: String should have at least 20 characters",
    ]);
  });
});

describe("a refusal", () => {
  test.each<[string, number, unknown, number, string]>([
    ["403 in other words", 403, { detail: "Not on Sundays." }, 4, "forbidden"],
    [
      "403 about the token's rights",
      403,
      { detail: "Insufficient permissions of this token" },
      4,
      "forbidden",
    ],
    ["403 without words", 403, "", 4, "forbidden"],
    [
      "400 about the model's limit",
      400,
      { error: "Not enough tokens left in the context" },
      2,
      "invalid_request",
    ],
    ["403 of a disabled account with our code", 403, { code: "account_disabled" }, 4, "account_disabled"],
  ])("of a question is named for what it is: %s", async (_, status, body, exit, code) => {
    const { run } = await answering({ "POST /api/chat/": http(status, body) });
    vi.stubEnv("AI_CHAT_TOKEN", "t");
    const ended = await run(...question, "--json");
    vi.stubEnv("AI_CHAT_TOKEN", undefined);
    expect(failed(ended)).toMatchObject({ exit, code });
  });

  test.each<[string, number, unknown, number, string]>([
    ["400 with a field", 400, { username: ["This field may not be blank."] }, 2, "invalid_request"],
    [
      "400 as a page",
      400,
      "<h1>400 The plain HTTP request was sent to HTTPS port</h1>",
      2,
      "invalid_request",
    ],
    ["404 as a page", 404, "<h1>Not Found</h1>", 1, "not_found"],
    ["404 with our code", 404, { code: "not_found", detail: "No such path." }, 1, "not_found"],
  ])("of a login is no wrong password: %s", async (_, status, body, exit, code) => {
    const { run } = await answering({ "POST /api/login/": http(status, body) });
    expect(failed(await run("login", "-u", "jane", "--json"))).toMatchObject({ exit, code });
  });
});

test("doctor still tells a chat server from a web server that answers 404 with a page", async () => {
  const page = http(404, "<h1>Not Found</h1>", { "content-type": "text/html" });
  const { run } = await answering({ "GET /api/token_balance/": page, "POST /api/chat/": page });
  const { code, stdout } = await run("doctor");
  expect(code).toBe(1);
  expect(stdout).toContain("answers, but not as a chat server");
});
