import { appendFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../../support/free-port.ts";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

const urlIn = (text: string) => /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? "";

test("serve prints its address, its AI and how to connect on stderr, and SIGTERM ends it with exit 0", async () => {
  const running = await startProgram(["serve", "--port", "0"], { home });
  await running.sees("Ctrl-C", "stderr");
  running.child.kill("SIGTERM");
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toMatch(
    /listens on http[^]*store .*JSON[^]*answers .*demo[^]*AI_CHAT_API_KEY[^]*chat .*-s http\S+\n +or in a browser: http/,
  );
});

test("serve says what it refills and where its metrics are; a cap alone is refused with exit 2", async () => {
  const words = ["serve", "--port", "0", "--refill", "1000/week", "--metrics", "0", "--no-page"];
  const running = await startProgram(words, { home });
  await running.sees("Ctrl-C", "stderr");
  running.child.kill("SIGTERM");
  const { stderr } = await running.ended;
  expect(stderr).toContain("  refill   1000/week, up to 4000 tokens\n");
  expect(stderr).not.toContain("browser");
  expect(stderr).toMatch(/^ {2}metrics {2}http:\/\/127\.0\.0\.1:\d+\/metrics$/m);
  const alone = await runProgram(["serve", "--port", "0", "--refill-cap", "5"], { home });
  expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining("without --refill") });
});

test("serve --json prints one document once it accepts questions", async () => {
  const running = await startProgram(["serve", "--port", "0", "--json", "--price", "7"], { home });
  await running.sees("\n");
  let told = "";
  running.child.stdout?.on("data", (text: string) => {
    told += text;
  });
  const about = await startProgram(["register", "-s", "local", "-u", "jane", "--json"], {
    home,
    env: { AI_CHAT_PASSWORD: "correct horse" },
  });
  expect((await about.ended).code).toBe(0);
  const { stdout } = await runProgram(["balance", "--json"], { home });
  expect(JSON.parse(stdout)).toEqual({ tokens: 4000, held: 0, price: 7, questions: 571, next: null });
  running.child.kill("SIGINT");
  const ended = await running.ended;
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(ended.stdout)).toMatchObject({ url: urlIn(ended.stdout), model: "demo" });
  expect(told).toBe("");
});

test("a port in use and a folder in use are reported in two lines: exit 1", async () => {
  const first = await startProgram(["serve", "--port", "0"], { home });
  await first.sees("Ctrl-C", "stderr");
  const folder = await runProgram(["serve", "--port", "0"], { home });
  expect(folder.code).toBe(1);
  expect(folder.stderr).toMatch(/^ai-chat: Another .* uses the folder .*\n.*--data DIR.*\n$/);
  first.child.kill("SIGTERM");
  await first.ended;
  const port = String(await freePort());
  const again = await startProgram(["serve", "--port", port], { home });
  await again.sees("Ctrl-C", "stderr");
  const other = await makeHome();
  const taken = await runProgram(["serve", "--port", port], { home: other });
  await other.remove();
  expect(taken.code).toBe(1);
  expect(taken.stderr).toMatch(/^ai-chat: Port \d+ .* in use\.\n.*--port \d+\n$/);
  again.child.kill("SIGTERM");
  await again.ended;
});

test("the password of a Postgres address is never printed", async () => {
  const env = { AI_CHAT_STORE: "postgres://u:geheim@127.0.0.1:1/d" };
  const waiting = await startProgram(["serve", "--port", "0"], { home, env });
  await waiting.sees("Waiting for the database", "stderr");
  waiting.child.kill("SIGTERM");
  const { code, stdout, stderr } = await waiting.ended;
  expect(code).toBe(143);
  expect(stdout + stderr).not.toContain("geheim");
});

test("a Postgres address with a password is refused on the command line", async () => {
  const { code, stderr } = await runProgram(["serve", "--store", "postgres://u:geheim@127.0.0.1:1/d"], {
    home,
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/AI_CHAT_STORE.*PGPASSWORD/);
  expect(stderr).not.toContain("geheim");
});

test("with --log json every line on stderr is JSON", async () => {
  const running = await startProgram(
    ["serve", "--port", "0", "--log", "json", "--data", `${home.dir}/open`],
    {
      home,
    },
  );
  await running.sees("listening", "stderr");
  running.child.kill("SIGTERM");
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  const lines = stderr.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: "info", msg: "listening", url: urlIn(stderr), model: "demo" }),
    expect.objectContaining({ level: "info", msg: expect.stringMatching(/^Stopping/) }),
    expect.objectContaining({ level: "info", msg: expect.stringMatching(/^Stopped/) }),
  ]);
});

test("with --json and --log json the log has the notes for the operator, and stderr has nothing else", async () => {
  const data = `${home.dir}/torn`;
  const first = await startProgram(["serve", "--port", "0", "--json", "--data", data], { home });
  await first.sees("\n");
  first.child.kill("SIGTERM");
  expect((await first.ended).stderr).toBe("");
  await appendFile(`${data}/ledger.jsonl`, '{"n":1,"at":');
  const running = await startProgram(["serve", "--port", "0", "--json", "--log", "json", "--data", data], {
    home,
  });
  await running.sees("\n");
  running.child.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(
    stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    expect.objectContaining({ level: "warn", msg: expect.stringContaining("is incomplete") }),
    expect.objectContaining({ level: "info", msg: "listening" }),
    expect.objectContaining({ level: "info", msg: expect.stringMatching(/^Stopping/) }),
    expect.objectContaining({ level: "info", msg: expect.stringMatching(/^Stopped/) }),
  ]);
});

const kubernetes = { AI_CHAT_PORT: "tcp://10.0.0.1:8000" };

test("serve warns of the AI_CHAT_PORT that Kubernetes sets, as text or in the log, but not with --json", async () => {
  const serve = async (...args: string[]) => {
    const ended = await runProgram(["serve", "--data", "/dev/null/store", ...args], {
      home,
      env: kubernetes,
    });
    return ended.stderr.trimEnd().split("\n");
  };
  const [warning, ...failure] = await serve();
  expect(warning).toMatch(/^AI_CHAT_PORT is ignored: "tcp:\/\/10\.0\.0\.1:8000" /);
  expect(failure).toHaveLength(2);
  const log = (await serve("--log", "json")).map((line) => JSON.parse(line) as unknown);
  expect(log).toMatchObject([{ level: "warn", msg: warning }, { level: "error" }]);
  const json = (await serve("--json")).map((line) => JSON.parse(line) as object);
  expect(json).toEqual([{ error: expect.anything() }]);
});

test("a command that runs the local server ignores the AI_CHAT_PORT that Kubernetes sets", async () => {
  const env = { ...kubernetes, AI_CHAT_PASSWORD: "correct horse" };
  const { code, stderr } = await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
  expect(code).toBe(0);
  expect(stderr).not.toContain("AI_CHAT_PORT");
});

test.each(["/proc/ai-chat", "/proc/ai-chat/store", "/dev/null/store"])(
  "a folder that can't be created is reported at once: %s",
  async (dir) => {
    const { code, stdout, stderr } = await runProgram(["serve", "--port", "0", "--data", dir], { home });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(`^ai-chat: Cannot make or use the folder ${dir} .*\\n.*--data DIR\\.\\n$`),
    );
  },
);

test.each([
  ["a folder that can't be used", ["--data", "/dev/null/store"], {}, 1, "internal", /Cannot make or use/],
  ["a wrong option", ["--port", "x"], {}, 2, "usage", /--port must be/],
  ["a wrong setting", [], { AI_CHAT_PRICE: "free" }, 2, "usage", /AI_CHAT_PRICE must be/],
] as const)(
  "with --log json %s is one line of the log, with what to do",
  async (_why, args, env, exit, failure, says) => {
    const { code, stdout, stderr } = await runProgram(["serve", ...args], {
      home,
      env: { AI_CHAT_LOG: "json", ...env },
    });
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(stderr)).toMatchObject({
      level: "error",
      time: expect.any(String),
      code: failure,
      msg: expect.stringMatching(says),
      hint: expect.stringMatching(/\S/),
    });
  },
);

test("with --log json a stop before it accepts questions is logged too: exit 143", async () => {
  const env = { AI_CHAT_STORE: "postgres://u@127.0.0.1:1/d", AI_CHAT_LOG: "json" };
  const waiting = await startProgram(["serve", "--port", "0"], { home, env });
  await waiting.sees("Waiting for the database", "stderr");
  waiting.child.kill("SIGTERM");
  const { code, stderr } = await waiting.ended;
  expect(code).toBe(143);
  const lines = stderr.trimEnd().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as { code?: string });
  expect(parsed.at(-1)).toMatchObject({ level: "error", msg: "Interrupted." });
});

test.each([
  [["--port", "x", "--price", "-1"], 2],
  [["--nope"], 2],
  [["extra"], 2],
  [["--log", "json", "--port", "x"], 2],
  [["--data", "/dev/null/store"], 1],
])("serve --json %j is one line of --json on stderr, and nothing else: %i", async (args, exit) => {
  const { code, stdout, stderr } = await runProgram(["serve", "--json", ...args], { home });
  expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(stderr)).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
});
