import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { diskOn, fileSystemOf } from "../../../../src/server/stores/json/disk.ts";
import { openPty } from "../../../support/open-pty.ts";
import { openSmallServer } from "../../../support/others-server.ts";
import { openRefusingPort } from "../../../support/refusing-port.ts";
import { makeHome, program, programEnv, runProgram, type Home } from "../../../support/run-program.ts";
import { openTestServer, type TestServer } from "../../../support/test-server.ts";

let home: Home;
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

const doctor = (args: string[] = [], env: Record<string, string> = {}) =>
  runProgram(["doctor", "-s", server.url, ...args], { home, env });
const documentOf = async (args: string[] = [], env: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await doctor(["--json", ...args], env);
  expect(stderr).toBe("");
  return { code, document: JSON.parse(stdout) };
};
/** The text without its line breaks. */
const unwrapped = (text: string) => text.replaceAll(/\s+/g, " ");

async function keep(token: string, username = "jane"): Promise<string> {
  const file = join(home.dir, "config", "ai-chat", "credentials.json");
  await mkdir(join(home.dir, "config", "ai-chat"), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify({ [server.url]: { token, username } }), { mode: 0o600 });
  return file;
}

test("doctor ends with exit 0 without problems, also when nobody is logged in, and creates no file", async () => {
  const { code, stdout, stderr } = await doctor();
  expect([code, stderr]).toEqual([0, "\nNo problems found.\n"]);
  expect(stdout).toContain("stream, history, idempotency");
  expect(stdout).toContain(`ai-chat login -s ${server.url}`);
  await expect(stat(join(home.dir, "config"))).rejects.toThrow("ENOENT");
});

test("doctor prints the token's owner, source, expiry and balance, and never the token", async () => {
  const token = await server.token("jane");
  const file = await keep(token);
  const { code, stdout } = await doctor();
  expect(code).toBe(0);
  expect(unwrapped(stdout)).toContain(`jane, from ${file}; valid until`);
  expect(stdout).toContain("4,000 tokens left");
  expect(stdout).not.toContain(token);
  const { document } = await documentOf();
  expect(document).toMatchObject({
    server: {
      url: server.url,
      reachable: true,
      price: 100,
      model: "demo",
      clock_difference: expect.any(Number),
    },
    token: { source: "file", username: "jane", valid: true, tokens: 4000, expires_at: expect.any(String) },
    problems: [],
  });
});

test("doctor says by what the server was chosen, and what a session takes if none is set", async () => {
  expect(unwrapped((await doctor()).stdout)).toContain("chosen by -s ");
  const env = { AI_CHAT_SERVER: server.url };
  const { stdout } = await runProgram(["doctor"], { home, env });
  expect(unwrapped(stdout)).toContain("chosen by AI_CHAT_SERVER ");
  const unset = unwrapped((await runProgram(["doctor"], { home })).stdout);
  // Whether a server runs there is up to the machine.
  expect(unset).toMatch(
    /chosen no server is set; (the one at http:\/\/127\.0\.0\.1:8000 was found|none was found at http:\/\/127\.0\.0\.1:8000), (and|so) a session uses (it too|your own server on this machine) /,
  );
});

test("doctor ends with exit 4 for a refused token and says how to log in, without the token", async () => {
  const { code, stdout } = await doctor([], { AI_CHAT_TOKEN: "geheim-token" });
  expect(code).toBe(4);
  expect(unwrapped(stdout)).toContain(`Unset it, then log in: npx ai-chat login -s ${server.url}`);
  const { code: again, document } = await documentOf([], { AI_CHAT_TOKEN: "geheim-token" });
  expect([again, document.token.valid, document.problems[0].code]).toEqual([4, false, "invalid_token"]);
  expect(stdout + JSON.stringify(document)).not.toContain("geheim");
});

test("doctor ends with exit 6 for an unreachable server, and still prints the rest", async () => {
  const nobody = await openRefusingPort();
  const { code, stdout } = await runProgram(["doctor", "-s", nobody.url], { home });
  expect(code).toBe(6);
  expect(stdout).toContain(`${nobody.url} refused the connection`);
  expect(stdout).toContain("Terminal\n");
  const json = await runProgram(["doctor", "--json", "-s", nobody.url], { home });
  await nobody.close();
  expect(JSON.parse(json.stdout)).toMatchObject({
    server: { reachable: false, extensions: null, model: null, price: null, clock_difference: null },
    token: { source: null, username: null, valid: null, expires_at: null, tokens: null },
    problems: [{ code: "unreachable" }],
  });
});

test("doctor says whether the own server would write synchronously", async () => {
  const { document } = await documentOf();
  const local = diskOn(await fileSystemOf(home.dir)).synchronous;
  expect(document.own_server).toEqual({ synchronous: local });
  // On Linux no local disk, elsewhere not Linux.
  const env = { XDG_DATA_HOME: "/proc" };
  expect((await documentOf([], env)).document.own_server).toEqual({ synchronous: false });
  expect(unwrapped((await doctor([], env)).stdout)).toContain("own server writes asynchronously: its folder");
});

test("a server that answers 503 counts as reachable", async () => {
  const small = await openSmallServer((_seen, response) => void response.writeHead(503).end());
  const { code, stdout } = await runProgram(["doctor", "--json", "-s", small.url], { home });
  await small.close();
  expect([code, JSON.parse(stdout)]).toMatchObject([6, { server: { reachable: true } }]);
});

test("doctor ends with exit 1 for a web page that is not a chat server", async () => {
  const small = await openSmallServer((_seen, response) => void response.end("<h1>hello</h1>"));
  const { code, stdout } = await runProgram(["doctor", "-s", small.url], { home });
  await small.close();
  expect(code).toBe(1);
  expect(unwrapped(stdout)).toContain("not as a chat server. Check the address");
});

test("doctor reports a clock that is minutes or days fast or slow", async () => {
  for (const [offset, words] of [
    [600_000, /\b10 minutes ahead/],
    [-600_000, /\b10 minutes behind/],
    [-400 * 86_400_000, /\b400 days behind/],
  ] as const) {
    const small = await openSmallServer((_seen, response) => {
      response.writeHead(401, {
        "content-type": "application/json",
        date: new Date(Date.now() + offset).toUTCString(),
      });
      response.end("{}");
    });
    const { code, stdout } = await runProgram(["doctor", "-s", small.url], { home });
    await small.close();
    expect(code).toBe(1);
    expect(unwrapped(stdout)).toMatch(words);
  }
});

test("doctor never shows the name and password of a proxy", async () => {
  const env = { HTTPS_PROXY: "http://jane:geheim@proxy.example:3128", NO_PROXY: "a.example" };
  const { stdout } = await doctor([], env);
  expect(unwrapped(stdout)).toContain(
    "https through http://proxy.example:3128; straight: loopback, a.example",
  );
  const { document } = await documentOf([], env);
  expect(document.proxy).toEqual({ http: null, https: "http://proxy.example:3128", none: "a.example" });
  expect(stdout + JSON.stringify(document)).not.toContain("geheim");
  const broken = await doctor([], { HTTPS_PROXY: "socks9://jane:geheim@:::" });
  expect(broken.code).toBe(2);
  expect(unwrapped(broken.stdout)).toContain("HTTPS_PROXY isn't the address of a proxy");
  expect(broken.stdout + broken.stderr).not.toContain("geheim");
});

test("doctor ends with exit 1 for a credentials file that others can read, and prints the chmod command", async () => {
  const file = await keep(await server.token("joe"), "joe");
  await chmod(file, 0o644);
  const { code, stdout } = await doctor();
  expect(code).toBe(1);
  expect(unwrapped(stdout)).toContain(`Fix it: chmod 600 ${file}`);
  await chmod(file, 0o600);
  expect((await doctor()).code).toBe(0);
});

test("doctor reports a broken file and a folder that can't be created, with their names", async () => {
  const file = await keep("x");
  await writeFile(file, "{ broken");
  const keys = join(home.dir, "config", "ai-chat", "keys.json");
  await writeFile(keys, '{\n  "Ctrl-I": "undo"\n}\n');
  const { code, document } = await documentOf([], { XDG_STATE_HOME: "/dev/null/state" });
  expect(code).toBe(1);
  const messages = document.problems.map(({ message }: { message: string }) => message).join("\n");
  expect(messages).toContain(`${file} is broken`);
  expect(messages).toContain(`${keys}: "Ctrl-I" is Tab to a terminal: name that.`);
  expect(document.files.map(({ what }: { what: string }) => what)).toContain("keys");
  expect(messages).toContain(
    "/dev/null/state/ai-chat/history.jsonl cannot be created: /dev/null is not a folder",
  );
});

test("doctor reports roles and prompts that cannot be used, and names files that are none", async () => {
  const dir = join(home.dir, "config", "ai-chat");
  await mkdir(join(dir, "roles"), { recursive: true, mode: 0o700 });
  await writeFile(join(dir, "roles", "teacher.md"), "Explain it to a child.");
  await writeFile(join(dir, "roles", "pirate.txt"), "Talk like a pirate.");
  await writeFile(join(dir, "roles", ".swp.md"), "");
  expect((await doctor()).code).toBe(0);
  await writeFile(join(dir, "roles", "none.md"), "None.");
  await writeFile(join(dir, "roles", "empty.md"), "\n");
  await writeFile(join(dir, "prompts"), "a file");
  const { code, stdout } = await doctor();
  expect(code).toBe(1);
  const text = unwrapped(stdout);
  expect(text).toContain(`- roles ${join(dir, "roles", "none.md")} is not used: its name`);
  expect(text).toContain(`- roles ${join(dir, "roles", "pirate.txt")} is not used: its name`);
  expect(text).toContain(`✗ roles ${join(dir, "roles", "empty.md")} is empty. Until`);
  expect(text).toContain(`✗ prompts ${join(dir, "prompts")} cannot be listed (ENOTDIR).`);
  expect(text).not.toContain("teacher.md");
  expect(text).not.toContain("swp");
  const { document } = await documentOf();
  expect(document.problems).toHaveLength(2);
  expect(document.files.map(({ what }: { what: string }) => what)).toEqual(
    expect.arrayContaining(["roles", "prompts"]),
  );
});

test("doctor in a pipe with an ASCII locale sends no terminal queries, and prints only ASCII in 80 columns", async () => {
  const { stdout } = await doctor([], { LC_ALL: "C", AI_CHAT_TOKEN: "x" });
  expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
  expect(stdout).toContain("not tested: stdin");
  expect(stdout).toMatch(/^ {2}x token/m);
  const roomy = stdout.split("\n").filter((line) => line.length > 80 && line.includes(" ", 20));
  expect(roomy).toEqual([]);
});

test("doctor at a terminal queries the keyboard and clipboard features", async () => {
  const terminal = openPty(process.execPath, [program, "doctor", "-s", server.url], {
    cols: 80,
    rows: 50,
    env: programEnv(home, { TERM: "xterm-256color" }),
  });
  let seen = "";
  terminal.onData((data) => (seen += data));
  // The reply is written before the query, so that it is in time on a busy machine too.
  terminal.write("\u001b[?0u\u001b[?62;52c");
  const code = await new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  expect(code).toBe(0);
  expect(seen).toContain("\u001b[?u\u001b[c");
  expect(seen).toContain("Shift-Enter begins a new line");
  expect(seen).toContain("by the terminal (OSC 52)");
  expect(seen).toContain("80 columns, 50 rows");
  expect(seen).toContain("256 colours, theme auto");
});

test("doctor says that the theme has no colours", async () => {
  await runProgram(["config", "set", "theme", "none"], { home });
  const { stdout } = await doctor([], { FORCE_COLOR: "1", AI_CHAT_TOKEN: "x" });
  await runProgram(["config", "unset", "theme"], { home });
  expect(stdout).toContain("none: as the setting theme says");
});
