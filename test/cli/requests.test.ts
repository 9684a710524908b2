import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { openCredentials } from "../../src/client/kept/credentials.ts";
import { http, openRawServer, type RawReply, type RawRequest } from "../support/raw-server.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

/**
 * Every request that a command sends to a server that has only the four documented endpoints
 * (docs/cli.md#other-servers).
 */

let home: Home;
beforeAll(async () => {
  home = await makeHome();
  moveInto(home, { AI_CHAT_PASSWORD: "correct horse" });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await home.remove();
});

/** An expected request; parts that vary are checked and left out. */
interface Sent {
  request: string;
  headers: Record<string, string>;
  body: unknown;
}

const json = { accept: "application/json" };
const jane = { username: "jane", password: "correct horse" };
const under = (scheme?: string): Record<string, string> =>
  scheme === undefined ? {} : { authorization: `${scheme} tok` };
const get = (path: string, scheme?: string): Sent => ({
  request: `GET ${path}`,
  headers: { ...json, ...under(scheme) },
  body: undefined,
});
const post = (path: string, body: unknown, scheme?: string): Sent => ({
  request: `POST ${path}`,
  headers: { ...json, "content-type": "application/json", ...under(scheme) },
  body,
});
const question = (message: string, scheme = "Bearer"): Sent => ({
  request: "POST /api/chat/",
  headers: {
    accept: "text/event-stream, application/json;q=0.9",
    "content-type": "application/json",
    "idempotency-key": "a UUID",
    ...under(scheme),
  },
  body: { message, token: "tok" },
});
const balance = get("/api/token_balance/", "Bearer");
const offer = get("/api/");

function sentBy({ method, url, heads, body }: RawRequest, host: string, version: string): Sent {
  const headers = Object.fromEntries(heads.map(([name, value]) => [name.toLowerCase(), value]));
  expect(Object.keys(headers)).toHaveLength(heads.length);
  const { host: named, connection, "user-agent": agent, "content-length": length, ...others } = headers;
  expect([named, connection, agent]).toEqual([host, "keep-alive", `ai-chat/${version}`]);
  expect(length).toBe(method === "POST" ? String(Buffer.byteLength(body)) : undefined);
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(others["idempotency-key"] ?? ""))
    others["idempotency-key"] = "a UUID";
  const isJson = others["content-type"] !== undefined;
  return { request: `${method} ${url}`, headers: others, body: isJson ? JSON.parse(body) : undefined };
}

const documented: Record<string, string> = {
  "POST /api/register/": http(201, { message: "User created successfully", tokens: 4000 }),
  "POST /api/login/": http(200, { token: "tok" }),
  "POST /api/chat/": http(200, { response: "Yes", tokens_deducted: 100 }),
  "GET /api/token_balance/": http(200, { tokens: 4000 }),
};

/** The server, with jane logged in. */
async function open(replyTo: (request: RawRequest) => RawReply | undefined = () => undefined) {
  const server = await openRawServer(
    (request) => replyTo(request) ?? documented[`${request.method} ${request.url}`] ?? http(404),
  );
  const credentials = openCredentials({ dir: `${home.dir}/config/ai-chat` });
  await credentials.set(server.url, { token: "tok", username: "jane" });
  return server;
}

interface Row {
  args: string[];
  /** A command that runs before. */
  after?: string[];
  sends: Sent[];
}

const ask = ["ask", "--no-stdin"];
const rows: Row[] = [
  {
    args: ["register", "-u", "jane"],
    sends: [post("/api/register/", jane), post("/api/login/", jane), balance],
  },
  { args: ["login", "-u", "jane"], sends: [post("/api/login/", jane), balance] },
  { args: ["whoami"], sends: [balance] },
  { args: ["balance", "-q"], sends: [balance] },
  // The offer has the price.
  { args: ["balance"], sends: [balance, offer] },
  { args: ["balance"], after: ["balance"], sends: [balance] },
  { args: ["usage"], sends: [get("/api/usage/?days=30", "Bearer")] },
  { args: ["usage", "--days", "7"], sends: [get("/api/usage/?days=7", "Bearer")] },
  { args: [...ask, "hi"], sends: [question("hi")] },
  { args: [...ask, "hi", "--json"], sends: [question("hi")] },
  { args: [...ask, "hi", "--json", "--stream"], sends: [question("hi")] },
  { args: [...ask, "hi", "--save"], sends: [question("hi")] },
  { args: [...ask, "more", "-c"], after: [...ask, "hi", "--save"], sends: [offer, question("more")] },
  {
    args: ["logout"],
    sends: [{ request: "POST /api/logout/", headers: { ...json, ...under("Bearer") }, body: undefined }],
  },
  { args: ["logout"], after: ["logout"], sends: [] },
  { args: ["ask", "--no-stdin"], sends: [] },
  { args: ["balance", "too", "many"], sends: [] },
];

describe("a command sends exactly these requests, headers and fields:", () => {
  test.each(
    rows.map((row) => [[row.args, row.after && ["after", ...row.after]].flat().join(" "), row] as const),
  )("%s", async (_name, { args, after, sends }) => {
    const server = await open();
    if (after) await runInside([...after, "-s", server.url]);
    server.seen.splice(0);
    await runInside([...args, "-s", server.url]);
    await server.close();
    const host = new URL(server.url).host;
    expect(server.seen.map((request) => sentBy(request, host, "0.0.0"))).toEqual(sends);
  });

  test("none for commands that read only local files", async () => {
    const server = await open();
    await runInside(["config", "set", "server", server.url]);
    for (const words of ["config list", "config path", "conversations list", "ask --help"])
      expect([words, (await runInside(words.split(" "))).code]).toEqual([words, 0]);
    await runInside(["config", "unset", "server"]);
    await server.close();
    expect(server.seen).toEqual([]);
  });

  test("for a lost question, the offer of the server, and not the question again", async () => {
    const server = await open(({ url }) =>
      url === "/api/chat/" ? (socket) => void socket.destroy() : undefined,
    );
    const { code, stderr } = await runInside([...ask, "hi", "-s", server.url]);
    await server.close();
    expect({ code, stderr }).toEqual({ code: 6, stderr: expect.stringContaining("may have been charged") });
    const host = new URL(server.url).host;
    expect(server.seen.map((request) => sentBy(request, host, "0.0.0"))).toEqual([question("hi"), offer]);
  });

  test("for a token under another scheme, the same question once more, and only the first time", async () => {
    const server = await open((request) =>
      request.header("authorization") === "Bearer tok"
        ? http(401, { detail: "Invalid token." }, { "www-authenticate": "Token" })
        : undefined,
    );
    for (const words of [[...ask, "hi"], ["whoami"]]) await runInside([...words, "-s", server.url]);
    await server.close();
    const host = new URL(server.url).host;
    expect(server.seen.map((request) => sentBy(request, host, "0.0.0"))).toEqual([
      question("hi"),
      question("hi", "Token"),
      get("/api/token_balance/", "Token"),
    ]);
    const [first, second] = server.seen.map((request) => request.header("idempotency-key"));
    expect(second).toBe(first);
  });

  test("from the built program: password, and the session with --plain", async () => {
    const server = await open();
    const run = async (args: string[], pipe: string) => {
      server.seen.splice(0);
      await runProgram([...args, "-s", server.url], { home, stdin: { pipe } });
      const host = new URL(server.url).host;
      return server.seen.map((request) => sentBy(request, host, packageJson.version));
    };
    expect(await run(["password", "--password-stdin"], "correct horse\nbattery staple\n")).toEqual([
      post("/api/password/", { password: "correct horse", new_password: "battery staple" }, "Bearer"),
    ]);
    // First a check of the server, the balance, and the offer with model and price; later only the questions.
    expect(await run(["chat", "--plain"], "one\ntwo\n")).toEqual([
      balance,
      offer,
      balance,
      question("one"),
      question("two"),
    ]);
    await server.close();
  });
});
