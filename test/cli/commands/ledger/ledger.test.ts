import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { testInCopies } from "../../../support/prepared-home.ts";
import { runInside } from "../../../support/run-inside.ts";
import { program, programEnv, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

const env = { AI_CHAT_PASSWORD: "correct horse" };

interface Fact {
  n: number;
  at: string;
  fact: string;
  tokens: number;
  balance: number;
  model: string | null;
}

let home: Home;
testInCopies(
  async (home) => {
    for (const args of [
      ["register", "-s", "local", "-u", "Jane"],
      ["ask", "-s", "local", "hello"],
      ["grant", "jane", "70", "--id", "june"],
    ])
      await runProgram(args, { home, env });
  },
  (made) => (home = made),
);

const folder = () => join(home.dir, "data", "ai-chat", "server");
const ledger = (...args: string[]) => runInside(["ledger", ...args]);
const facts = async (...args: string[]) => {
  const { code, stdout } = await ledger(...args, "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Fact[];
};

/** Every file of the folder with its bytes and the time of its last change. */
async function onDisk() {
  const names = await readdir(folder(), { recursive: true });
  const files = names.filter((name) => !name.startsWith("lock."));
  const paths = files.toSorted().map((name) => join(folder(), name));
  return Promise.all(
    paths.map(async (path) => {
      const { mtimeMs, mode, isFile } = await stat(path).then((found) => ({
        mtimeMs: found.mtimeMs,
        mode: found.mode,
        isFile: found.isFile(),
      }));
      return { path, mtimeMs, mode, content: isFile ? await readFile(path, "utf8") : "" };
    }),
  );
}

test("the facts are shown in their order with the balance after each, and nothing on disk changes", async () => {
  const before = await onDisk();
  const found = await facts("jane");
  expect(found).toMatchObject([
    { fact: "account", tokens: 4000, balance: 4000, model: null, key: null, reason: null, by: null },
    { fact: "charge", tokens: -100, balance: 3900, key: null, reason: null, by: null },
    { fact: "grant", tokens: 70, balance: 3970, key: null, by: null },
  ]);
  expect(found.map(({ n }) => n)).toEqual(found.map(({ n }) => n).toSorted((a, b) => a - b));
  const plain = await ledger("JANE");
  expect(plain).toMatchObject({ code: 0, stderr: "" });
  expect(plain.stdout.split("\n").map((line) => line.split(/ +/).slice(2, 5))).toEqual([
    ["fact", "tokens", "balance"],
    ["account", "4000", "4000"],
    ["charge", "-100", "3900"],
    ["grant", "70", "3970"],
    [],
  ]);
  expect(await onDisk()).toEqual(before);
});

test("CSV has titles, CRLF, plain negative numbers and whole times", async () => {
  const { stdout } = await ledger("jane", "--csv");
  const lines = stdout.split("\r\n");
  expect(lines[0]).toBe("n,at,fact,tokens,balance,model,key,reason,by");
  expect(lines[2]).toMatch(/^\d+,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,charge,-100,3900,[^,]*,,,$/);
  expect(lines).toHaveLength(5);
  expect(lines[4]).toBe("");
});

test("a day of --until belongs to it, a time does not", async () => {
  const all = await facts("jane");
  const [, second] = all;
  const at = second?.at ?? "";
  const [first = "", last = ""] = [all[0]?.at, all[2]?.at].map((time) => time?.slice(0, 10));
  expect(await facts("jane", "--since", first)).toHaveLength(3);
  expect(await facts("jane", "--until", last)).toHaveLength(3);
  expect(await facts("jane", "--since", "2999-01-01")).toEqual([]);
  expect(await facts("jane", "--until", "2020-01-01T00:00")).toEqual([]);
  expect((await facts("jane", "--since", at))[0]).toEqual(second);
  expect((await facts("jane", "--until", at)).at(-1)).toEqual(all[0]);
  const none = await ledger("jane", "--since", "2999-01-01");
  expect(none).toMatchObject({ code: 0, stdout: "", stderr: "There are no facts in this time.\n" });
  expect((await ledger("jane", "--since", "2999-01-01", "--csv")).stdout).toBe(
    "n,at,fact,tokens,balance,model,key,reason,by\r\n",
  );
});

const wrong: [args: string[], why: RegExp][] = [
  [[], /takes the name of one account/],
  [["jane", "joe"], /takes the name of one account/],
  [["nobody"], /There is no user "nobody" in .*server/],
  [["jane", "--since", "yesterday"], /--since must be a day like 2026-11-26 or a time/],
  [["jane", "--until", "2026-02-30"], /--until must be a day/],
  [["jane", "--since", "2026-11-02", "--until", "2026-11-01"], /--until must be later than --since/],
  [["jane", "--csv", "--follow"], /--csv and --follow don't go together/],
  [["jane", "--follow", "--until", "2026-11-01"], /--follow has no end/],
  [["jane", "--csv", "--json"], /two forms of the same/],
  [["jane", "--data", "/does/not/exist"], /There is no store in/],
  [["jane", "--data", "x", "--store", "postgres://x"], /two different stores/],
  [["jane", "--days", "5"], /ledger has no option --days/],
];

test("invalid arguments end with exit 2 and say why", async () => {
  for (const [args, why] of wrong) {
    const { code, stdout, stderr } = await ledger(...args);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
    expect(stderr, args.join(" ")).toMatch(why);
  }
});

test("a damaged ledger is not shown as a whole one", async () => {
  await appendFile(join(folder(), "ledger.jsonl"), '{"n":99,"fact":"grant"}\n{"n":100}\n');
  const { code, stderr } = await ledger("jane");
  expect(code).toBe(1);
  expect(stderr).toMatch(/ledger\.jsonl/);
});

function shell(script: string) {
  return spawn("sh", ["-c", script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: programEnv(home, { NODE: process.execPath, PROGRAM: program }),
  });
}

test("a reader that takes one line ends the command quietly", async () => {
  const child = shell('"$NODE" "$PROGRAM" ledger jane | head -n 1');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(stdout).toMatch(/^n +at +fact/);
  expect(stderr).toBe("");
});

test("a reader that has gone ends --follow quietly with the next fact", async () => {
  const reader = "(head -n 4; exec 0<&-; echo gone)";
  const child = shell(`{ "$NODE" "$PROGRAM" ledger jane --follow; echo "exit $?" >&2; } | ${reader}`);
  const stderr = text(child.stderr);
  let printed = "";
  for await (const piece of child.stdout) {
    printed += String(piece);
    if (printed.includes("gone")) break;
  }
  await runInside(["grant", "jane", "5"]);
  expect(await stderr).toBe("exit 0\n");
});

test("--follow shows what comes beside a running server, in both forms, until Ctrl-C", async () => {
  const server = await startProgram(["serve", "--port", "0", "--json"], { home });
  await server.sees("}\n");
  const table = await startProgram(["ledger", "jane", "--follow"], { home });
  const json = await startProgram(["ledger", "jane", "--follow", "--json"], { home });
  await table.sees("3970");
  await json.sees('"balance":3970');
  expect(await runInside(["grant", "jane", "5"])).toMatchObject({ code: 0 });
  await table.sees("3975");
  await json.sees('"balance":3975');
  for (const { child } of [table, json]) child.kill("SIGINT");
  expect(await table.ended).toMatchObject({ code: 130 });
  const { code, stdout } = await json.ended;
  expect(code).toBe(130);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as Fact).fact)).toEqual([
    "account",
    "charge",
    "grant",
    "grant",
  ]);
  server.child.kill("SIGTERM");
  await server.ended;
});
