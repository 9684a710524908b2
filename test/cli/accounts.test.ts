import { chmod, mkdir, readFile, stat, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runInHome } from "../support/run-inside.ts";
import { makeHome, runProgram, type Ended, type Home } from "../support/run-program.ts";
import { openOthersServer, openSmallServer, type SmallServer } from "../support/others-server.ts";

let home: Home;
let server: SmallServer;
beforeEach(async () => {
  home = await makeHome();
  server = await openOthersServer();
});
afterEach(async () => {
  await server.close();
  await home.remove();
});

const secret = "correct horse";
type Result = Omit<Ended, "signal">;
/** Runs the program: in this process, unless it reads stdin. */
const run = (
  args: string[],
  more: { env?: Record<string, string>; stdin?: { pipe: string } } = {},
): Promise<Result> => (more.stdin ? runProgram : runInHome)(args, { home, ...more });
/** Fails with the program's stderr if registration fails. */
async function registered(ended: Promise<Result>): Promise<Result> {
  const result = await ended;
  expect(result).toMatchObject({ code: 0 });
  return result;
}
const register = (...more: string[]) =>
  registered(
    run(["register", "-s", server.url, "-u", "jane", "--password-stdin", ...more], {
      stdin: { pipe: `${secret}\n` },
    }),
  );

test("register logs in, stores the token for that server only, and makes the server the default", async () => {
  const { code, stdout, stderr } = await register();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toMatch(/Your default server is now http[^]*Welcome, jane.*4,000 tokens/);
  const file = join(home.dir, "config", "ai-chat", "credentials.json");
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
    [server.url]: { token: "t-jane", username: "jane" },
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await run(["ask", "hello"])).toMatchObject({ code: 0, stdout: "You said: hello\n" });
});

test("a second server does not become the default", async () => {
  await register();
  const other = await openOthersServer();
  const { stderr } = await run(["register", "-s", other.url, "-u", "joe"], {
    env: { AI_CHAT_PASSWORD: secret },
  });
  await other.close();
  expect(stderr).toContain("Welcome, joe");
  expect(stderr).not.toContain("default");
  expect(JSON.parse((await run(["whoami", "--json"])).stdout)).toMatchObject({
    server: server.url,
    username: "jane",
  });
});

test("documents of --json have all fields, with null for unknown values, and stderr is empty", async () => {
  const registered = await register("--json");
  expect(registered.stderr).toBe("");
  expect(JSON.parse(registered.stdout)).toEqual({ server: server.url, username: "jane", tokens: 4000 });
  const documents: [args: string[], document: unknown][] = [
    [
      ["whoami", "--json"],
      { server: server.url, username: "jane", tokens: 4000, token_source: "file", expires_at: null },
    ],
    [["balance", "--json"], { tokens: 4000, held: null, price: null, questions: null, next: null }],
    [
      ["ask", "--json", "hi"],
      {
        response: "You said: hi",
        tokens_deducted: 100,
        tokens: null,
        model: null,
        finish: null,
        turns_sent: null,
        conversation: null,
      },
    ],
  ];
  for (const [args, document] of documents) {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr, document: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      stderr: "",
      document,
    });
  }
  const login = await run(["login", "--json", "-u", "jane"], { env: { AI_CHAT_PASSWORD: secret } });
  expect(JSON.parse(login.stdout)).toEqual({ server: server.url, username: "jane", tokens: 3900 });
});

test("balance prints a number with commas, and with -q without them", async () => {
  await register();
  expect((await run(["balance"])).stdout).toBe("4,000 tokens left\n");
  expect((await run(["balance", "-q"])).stdout).toBe("4000\n");
});

test("a wrong password ends with exit 4, says what to do, and keeps the old login", async () => {
  await register();
  const { code, stderr } = await run(["login", "-u", "jane"], { env: { AI_CHAT_PASSWORD: "not this one" } });
  expect(code).toBe(4);
  expect(stderr).toMatch(/Invalid credentials[^]*ai-chat register/);
  expect(stderr).not.toContain("not this one");
  expect((await run(["whoami"])).code).toBe(0);
});

test("the password is the first line of stdin, with its spaces", async () => {
  await run(["register", "-s", server.url, "-u", "jane", "--password-stdin"], {
    stdin: { pipe: " a b \r\nnext\n" },
  });
  expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({ username: "jane", password: " a b " });
});

test("without a terminal, a missing name or password ends with exit 2 before sending anything", async () => {
  for (const args of [
    ["login", "-s", server.url],
    ["login", "-s", server.url, "-u", "jane"],
  ]) {
    const { code, stderr } = await run([...args, "--json"]);
    expect({ code, error: JSON.parse(stderr) as unknown }).toEqual({
      code: 2,
      error: { error: { code: "input_required", message: expect.any(String) } },
    });
  }
  expect(server.seen).toHaveLength(0);
});

test.each([
  [["login"], /ai-chat login -u NAME --password-stdin -s (\S+)\n$/],
  [["register", "-u", "jane"], /ai-chat register -u jane --password-stdin -s (\S+)\n$/],
  [["login", "-u", "o'neil; ls"], /ai-chat login -u NAME --password-stdin -s (\S+)\n$/],
  [["password", "-u", "jane"], /ai-chat password -u jane --password-stdin -s (\S+)\n$/],
])("without a terminal, %j prints the command to type, with the same server", async (args, told) => {
  const { code, stderr } = await run([...args, "-s", server.url]);
  expect([code, told.exec(stderr)?.[1]]).toEqual([2, server.url]);
});

test("logout removes the stored token, and whoami then ends with exit 4", async () => {
  await register();
  expect((await run(["logout"])).code).toBe(0);
  expect(await run(["whoami"])).toMatchObject({ code: 4, stdout: "" });
  expect(await readFile(join(home.dir, "config", "ai-chat", "credentials.json"), "utf8")).not.toContain(
    "t-jane",
  );
});

test("AI_CHAT_TOKEN overrides the stored token, is reported as the source, and is never stored", async () => {
  await register();
  await run(["register", "-s", server.url, "-u", "env"], { env: { AI_CHAT_PASSWORD: secret } });
  const env = { AI_CHAT_TOKEN: "t-env" };
  const { stdout } = await run(["whoami", "--json"], { env });
  expect(JSON.parse(stdout)).toMatchObject({ username: null, token_source: "environment", tokens: 4000 });
  await run(["ask", "hi"], { env });
  expect((await run(["balance", "-q"], { env })).stdout).toBe("3900\n");
});

test("the flag overrides the environment, which overrides the setting", async () => {
  await register();
  const where = async (args: string[], env: Record<string, string> = {}) =>
    (JSON.parse((await run(["logout", "--json", ...args], { env })).stdout) as { server: string }).server;
  expect(await where(["-s", "flag.example"], { AI_CHAT_SERVER: "env.example" })).toBe("https://flag.example");
  expect(await where([], { AI_CHAT_SERVER: "env.example" })).toBe("https://env.example");
  expect(await where([], { AI_CHAT_SERVER: "" })).toBe(server.url);
});

test.each(["login", "register"])(
  "a broken credentials file is reported in two lines before %s sends anything",
  async (command) => {
    const file = join(home.dir, "config", "ai-chat", "credentials.json");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "{ broken");
    const args = [command, "-s", server.url, "-u", "jane"];
    const { code, stdout, stderr } = await run(args, { env: { AI_CHAT_PASSWORD: secret } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(file);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(server.seen).toHaveLength(0);
    expect(await readFile(file, "utf8")).toBe("{ broken");
  },
);

test("in a read-only folder, commands that write report the file's name, and commands that read work", async () => {
  await register();
  const blocked = join(home.dir, "a file");
  await writeFile(blocked, "");
  const env = { XDG_CONFIG_HOME: blocked };
  const { code, stderr } = await run(["login", "-s", server.url, "-u", "jane"], {
    env: { ...env, AI_CHAT_PASSWORD: secret },
  });
  expect(code).toBe(1);
  expect(stderr).toContain(join(blocked, "ai-chat", "credentials.json"));
  const asked = await run(["ask", "-s", server.url, "hi"], { env: { ...env, AI_CHAT_TOKEN: "t-jane" } });
  expect(asked).toMatchObject({ code: 0, stdout: "You said: hi\n", stderr: "" });
});

test("register creates no account when it cannot create the folder for the token", async () => {
  const blocked = join(home.dir, "leads nowhere");
  await symlink(join(home.dir, "no such folder", "config"), blocked);
  const { code, stderr } = await run(["register", "-s", server.url, "-u", "jane"], {
    env: { XDG_CONFIG_HOME: blocked, AI_CHAT_PASSWORD: secret },
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/A login cannot be saved: .*credentials\.json/);
  expect(server.seen).toEqual([]);
});

test("a login whose token cannot be stored fails and is reported in two lines", async () => {
  const folder = join(home.dir, "config", "ai-chat");
  const thief = await openSmallServer(async ({ url }, response) => {
    if (url === "/api/login/") {
      await rm(folder, { recursive: true });
      await writeFile(folder, "");
    }
    response.end('{"tokens":4000,"token":"tok"}');
  });
  const { code, stderr } = await run(["register", "-s", thief.url, "-u", "jane"], {
    env: { AI_CHAT_PASSWORD: secret },
  });
  await thief.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(/You are logged in, but the token cannot be saved: .*credentials\.json/);
  expect(stderr.trimEnd().split("\n")).toHaveLength(2);
});

test("a credentials file that other users may read is told once, with what makes it private", async () => {
  await register();
  const file = join(home.dir, "config", "ai-chat", "credentials.json");
  expect((await run(["balance"])).stderr).toBe("");
  await chmod(file, 0o644);
  const { code, stderr } = await run(["balance"]);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `Other users may look into ${file}, which has your tokens (mode 0644). Fix it: chmod 600 ${file}\n`,
  });
  expect((await run(["balance", "-q"])).stderr).toBe("");
  expect((await run(["doctor"])).stderr).not.toContain("which has your tokens");
});
