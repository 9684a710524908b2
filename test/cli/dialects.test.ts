import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openOthersServer, type Dialect, type SmallServer } from "../support/others-server.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Ended, type Home } from "../support/run-program.ts";

/** The commands against other servers, one for each dialect (docs/cli.md#other-servers). */

let home: Home;
beforeAll(async () => {
  home = await makeHome();
  moveInto(home, { AI_CHAT_PASSWORD: "correct horse" });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await home.remove();
});

type Run = (args: string[]) => Promise<Omit<Ended, "signal">>;

/** What a dialect changes in the output; a missing field means the same as with the documented API. */
interface Shows {
  /** The message for a name that is taken. */
  taken?: string;
  /** What the balance commands print for a balance of 600. */
  balance?: "told" | "not offered";
  price?: number | null;
}

const said = "A user with that username already exists.";
const dialects: [name: string, dialect: Dialect, shows: Shows][] = [
  ["as documented", {}, {}],
  ["status 200 for register", { registered: 200 }, {}],
  ["errors as detail", { errors: "detail" }, {}],
  ["errors as message", { errors: "message" }, {}],
  ["errors as fields", { errors: "fields" }, { taken: `username: ${said}` }],
  ["errors as HTML", { errors: "html" }, { taken: `The server answered 400: ${said}` }],
  ["errors as text", { errors: "text" }, { taken: `The server answered 400: ${said}` }],
  ["the token in the body only", { token: "body" }, {}],
  ["the token in the header only", { token: "header" }, {}],
  ["the token under the scheme Token", { token: "Token" }, {}],
  ["403 for an empty balance", { emptyBalance: 403 }, {}],
  ["400 for a wrong password", { wrongPassword: 400 }, {}],
  ["a balance as a string", { balance: "string" }, {}],
  ["no balance", { balance: "missing" }, { balance: "not offered" }],
  ["a reply without tokens_deducted", { tellsPrice: false }, { price: null }],
  ["500 without the slash", { slashless: "500" }, {}],
  ["301 to the slash", { slashless: "301" }, {}],
];

const document = ({ code, stdout, stderr }: Omit<Ended, "signal">) => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as unknown;
};
const failure = ({ code, stdout, stderr }: Omit<Ended, "signal">) => {
  expect(stdout).toBe("");
  return [code, (JSON.parse(stderr) as { error: { code: string } }).error.code];
};

async function signIn(run: Run, { url }: SmallServer, shows: Shows) {
  const registered = await run(["register", "-u", "jane"]);
  expect(registered).toMatchObject({ code: 0, stdout: "" });
  expect(registered.stderr).toContain(`Welcome, jane: you have an account at ${url} with 600 tokens`);
  const taken = await run(["register", "-u", "jane"]);
  expect([taken.code, taken.stderr.split("\n")[0]]).toEqual([2, `ai-chat: ${shows.taken ?? said}`]);
  const tokens = shows.balance === "not offered" ? null : 600;
  expect(document(await run(["login", "-u", "jane", "--json"]))).toEqual({
    server: url,
    username: "jane",
    tokens,
  });
}

async function lookAtBalance(run: Run, { url }: SmallServer, { balance = "told" }: Shows, tokens: number) {
  const [who, how] = [await run(["whoami", "--json"]), await run(["balance", "--json"])];
  if (balance === "not offered") {
    expect(failure(how)).toEqual([1, "not_offered"]);
    expect(document(who)).toMatchObject({ server: url, username: "jane", tokens: null });
    return;
  }
  expect(document(who)).toEqual({
    server: url,
    username: "jane",
    tokens,
    token_source: "file",
    expires_at: null,
  });
  expect(document(how)).toEqual({ tokens, held: null, price: null, questions: null, next: null });
  expect((await run(["balance"])).stdout).toBe(`${tokens} tokens left\n`);
}

async function converse(run: Run, { seen }: SmallServer, { price = 100 }: Shows) {
  const ask = (...args: string[]) => run(["ask", "--no-stdin", ...args]);
  const plain = await ask("hi");
  expect(plain).toMatchObject({ code: 0, stdout: "You said: hi\n", stderr: "" });
  const answered = {
    response: "You said: hi",
    tokens_deducted: price,
    tokens: null,
    conversation: null,
    model: null,
    finish: null,
    turns_sent: null,
  };
  expect(document(await ask("hi", "--json"))).toEqual(answered);
  const { code, stdout } = await ask("hi", "--json", "--stream");
  expect(code).toBe(0);
  // The answer comes whole, but is printed as a delta too: a script that reads only deltas misses nothing.
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { type: "delta", text: "You said: hi" },
    { type: "done", ...answered },
  ]);
  expect((await ask("a secret", "--save")).stderr).toMatch(/^Saved as /);
  const goneOn = await ask("more", "-c");
  expect(goneOn).toMatchObject({ code: 0, stdout: "You said: more\n" });
  expect(goneOn.stderr).toBe(
    "This server takes no history: the question is sent without the earlier turns.\n",
  );
  expect(Object.keys(JSON.parse(seen.at(-1)?.body ?? "") as object)).toEqual(["message", "token"]);
  expect(seen.filter(({ body }) => body.includes("a secret"))).toHaveLength(1);
}

async function spendAll(run: Run) {
  expect((await run(["ask", "--no-stdin", "the last"])).code).toBe(0);
  expect(failure(await run(["ask", "--no-stdin", "one more", "--json"]))).toEqual([5, "insufficient_tokens"]);
  const told = await run(["ask", "--no-stdin", "one more"]);
  expect(told.stderr).toMatch(/^ai-chat: .*Insufficient tokens.*\n.+\n$/);
}

async function leave(run: Run, { url }: SmallServer) {
  expect(failure(await run(["usage", "--json"]))).toEqual([1, "not_offered"]);
  const left = await run(["logout"]);
  expect(left).toMatchObject({ code: 0, stdout: "" });
  expect(left.stderr).toMatch(
    `Logged out of ${url}: the token is deleted here.\nAt the server it stays valid until it expires`,
  );
}

async function live(run: Run, server: SmallServer, shows: Shows) {
  await signIn(run, server, shows);
  await lookAtBalance(run, server, shows, 600);
  await converse(run, server, shows);
  await lookAtBalance(run, server, shows, 100);
  await spendAll(run);
  await leave(run, server);
}

describe("at another server the commands register, use up the balance and log out", () => {
  test.each(dialects)("%s", async (_name, dialect, shows) => {
    const server = await openOthersServer({ ...dialect, startingTokens: 600 });
    await live((args) => runInside([...args, "-s", server.url]), server, shows);
    server.seen.splice(0);
    expect(failure(await runInside(["whoami", "--json", "-s", server.url]))).toEqual([4, "not_logged_in"]);
    expect(server.seen).toEqual([]);
    await server.close();
  });

  test.each(dialects)("login with a wrong password keeps no token: %s", async (_name, dialect) => {
    const server = await openOthersServer(dialect);
    vi.stubEnv("AI_CHAT_PASSWORD", "wrong horse");
    const ended = await runInside(["login", "-u", "jane", "--json", "-s", server.url]);
    vi.stubEnv("AI_CHAT_PASSWORD", "correct horse");
    expect(failure(ended)).toEqual([4, "invalid_credentials"]);
    expect(ended.stderr).not.toContain("wrong horse");
    expect((await runInside(["whoami", "-s", server.url])).code).toBe(4);
    await server.close();
  });

  test("the built program does the same where the scheme is Token and replies have no tokens_deducted", async () => {
    const server = await openOthersServer({ token: "Token", tellsPrice: false, startingTokens: 600 });
    const other = await makeHome();
    const env = { AI_CHAT_PASSWORD: "correct horse" };
    const run: Run = (args) => runProgram([...args, "-s", server.url], { home: other, env });
    await live(run, server, { price: null });
    await run(["login", "-u", "jane"]);
    const password = await runProgram(["password", "--password-stdin", "--json", "-s", server.url], {
      home: other,
      stdin: { pipe: "correct horse\nbattery staple\n" },
    });
    expect(failure(password)).toEqual([1, "not_offered"]);
    await other.remove();
    await server.close();
  });
});
