import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { prepareHome, testInCopies } from "../../../support/prepared-home.ts";
import { moveInto, runInside } from "../../../support/run-inside.ts";
import { runProgram, startProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
testInCopies(
  (home) => register(home, "Jane"),
  (made) => (home = made),
);

const register = (home: Home, name: string) =>
  runProgram(["register", "-s", "local", "-u", name], { home, env: { AI_CHAT_PASSWORD: "correct horse" } });

const folder = () => join(home.dir, "data", "ai-chat", "server");
const grant = (...words: string[]) => runInside(["grant", ...words]);
const grantAlone = (...words: string[]) => runProgram(["grant", ...words], { home });
const tokens = async () => (await runInside(["balance", "-q"])).stdout.trim();
const facts = async () =>
  (await readFile(join(folder(), "ledger.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("grant gives tokens in the user's folder, to a name in any case, with a line in the ledger", async () => {
  const { code, stdout, stderr } = await grant("jANE", "4000");
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: "Gave Jane 4,000 tokens; the balance is 8,000.\n",
    stderr: expect.stringMatching(/^The ID of this grant is \S+\.\n$/),
  });
  expect(await tokens()).toBe("8000");
  expect((await facts()).at(-1)).toMatchObject({
    fact: "grant",
    name: "Jane",
    tokens: 4000,
    reason: "grant by operator",
    balance: 8000,
  });
});

test("grant goes through the server that runs on the folder, which shows the new balance at once", async () => {
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  const given = await Promise.all([1, 2, 3].map((count) => grantAlone("jane", String(count), "--json")));
  expect(given.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await tokens()).toBe("4006");
  const unknown = await grant("joe", "1");
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toMatch(/^ai-chat: There is no user "joe" in .*\n.*ai-chat accounts list\n$/);
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);
});

test("grant with the same id is one grant, with a server and without, and a different grant is refused", async () => {
  const document = (granted: number) =>
    `${JSON.stringify({ username: "Jane", granted, tokens: 4500, id: "june" })}\n`;
  expect((await grant("jane", "500", "--id", "june", "--json")).stdout).toBe(document(500));
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  expect((await grant("jane", "500", "--id", "june", "--json")).stdout).toBe(document(0));
  expect((await grant("jane", "500", "--id", "june")).stdout).toContain("Already granted");
  const other = await grant("jane", "501", "--id", "june", "--json");
  expect(other).toMatchObject({ code: 2, stdout: "" });
  expect(JSON.parse(other.stderr)).toMatchObject({ error: { code: "idempotency_key_reused" } });
  server.child.kill("SIGTERM");
  await server.ended;
  expect((await facts()).filter(({ fact }) => fact === "grant")).toHaveLength(1);
});

test("many grants at once without a server are all recorded", async () => {
  const given = await Promise.all(Array.from({ length: 6 }, () => grantAlone("jane", "10")));
  expect(given.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    given.map(() => ({ code: 0, stderr: expect.stringMatching(/^The ID of this grant is \S+\.\n$/) })),
  );
  expect(await tokens()).toBe("4060");
});

test("a grant whose server does not answer gives nothing, and says so", async () => {
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  server.child.kill("SIGSTOP");
  const { code, stderr } = await grant("jane", "9");
  server.child.kill("SIGCONT");
  expect({ code, stderr }).toMatchObject({ code: 6, stderr: expect.stringContaining("doesn't answer.") });
  expect(await tokens()).toBe("4000");
  server.child.kill("SIGTERM");
  await server.ended;
});

describe("a grant to many", () => {
  const copyOfThree = prepareHome(async (home) => {
    for (const name of ["Jane", "joe", "jim"]) await register(home, name);
  });
  beforeEach(async () => {
    await home.remove();
    home = await copyOfThree();
    moveInto(home);
  });
  const given = async (...words: string[]) => {
    const { code, stdout } = await grant(...words, "--json");
    expect(code).toBe(0);
    return JSON.parse(stdout) as {
      id: string;
      granted: number;
      accounts: { username: string; tokens: number }[];
    };
  };
  const balances = ({ accounts }: Awaited<ReturnType<typeof given>>) =>
    Object.fromEntries(accounts.map(({ username, tokens }) => [username, tokens]));

  test("gives each named account tokens once for an id, however it is repeated", async () => {
    const first = await given(
      "jane",
      "JOE",
      "joe",
      "500",
      "--id",
      "june",
      "--reason",
      "a prize",
      "--by",
      "anna",
    );
    expect(first).toEqual({
      id: "june",
      granted: 1000,
      accounts: [
        { username: "Jane", granted: 500, tokens: 4500 },
        { username: "joe", granted: 500, tokens: 4500 },
      ],
    });
    expect((await facts()).at(-1)).toMatchObject({ fact: "grant", reason: "a prize", by: "anna" });
    expect((await grant("--all", "500", "--id", "june")).stdout).toBe(
      "Gave 500 tokens to 1 account; 2 accounts got them before under the ID june.\n",
    );
    expect((await grant("--all", "500", "--id", "june")).stdout).toBe(
      "Already granted: 3 accounts got 500 tokens each under the ID june.\n",
    );
    const other = await grant("--all", "501", "--id", "june");
    expect(other).toMatchObject({ code: 2, stdout: "" });
    expect(other.stderr).toMatch(/another grant or take of "Jane", "joe" and "jim"\. Nothing was given\.\n/);
    // Known before for one of them: the others get nothing either.
    await given("jane", "joe", "7", "--id", "two");
    expect((await grant("--all", "8", "--id", "two")).code).toBe(2);
    expect(balances(await given("--all", "1"))).toEqual({ Jane: 4508, joe: 4508, jim: 4501 });
  });

  test("reads names from a file or stdin, and leaves out disabled accounts only with --all", async () => {
    const file = join(home.dir, "class.txt");
    await writeFile(file, "\ufeffjoe\r\n\r\n  JIM \r\rjoe");
    const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
    await server.sees("Ctrl-C", "stderr");
    await runInside(["accounts", "disable", "joe", "--yes"]);
    expect(balances(await given("--file", file, "5"))).toEqual({ joe: 4005, jim: 4005 });
    const piped = await runProgram(["grant", "--file", "-", "5", "--id", "p"], {
      home,
      stdin: { pipe: "joe\n" },
    });
    expect(piped.stdout).toBe("Gave 5 tokens to 1 account.\n");
    expect(balances(await given("--all", "5"))).toEqual({ Jane: 4005, jim: 4010 });
    server.child.kill("SIGTERM");
    await server.ended;
  });

  test("gives nothing to anybody if a name is unknown, and names all of those", async () => {
    const before = await facts();
    const unknown = await grant("jane", "who", "joe", "deleted#1", "WHO", "5");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toMatch(/There are no users "who", "deleted#1" and "WHO" in /);
    const file = join(home.dir, "class.txt");
    await writeFile(file, Array.from({ length: 30 }, (_, at) => `n${at}`).join("\n"));
    expect((await grant("--file", file, "5")).stderr).toMatch(/"n0", .*"n9" and 20 more in /);
    await writeFile(file, "\ufeffjoe\njim\n", "utf16le");
    const other = await grant("--file", file, "5");
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining(`in ${file} is not UTF-8`) });
    const much = await grant("jane", "joe", String(Number.MAX_SAFE_INTEGER));
    expect(much).toMatchObject({ code: 2, stderr: expect.stringContaining("no balance may be above") });
    expect(await facts()).toEqual(before);
  });

  test("that is killed in the middle gives each account tokens once when it is repeated", async () => {
    const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
    await server.sees("Ctrl-C", "stderr");
    const killed = await startProgram(["grant", "--all", "3"], { home });
    await killed.sees("The ID of this grant is", "stderr");
    killed.child.kill("SIGKILL");
    const id = /grant is (\S+)\./.exec((await killed.ended).stderr)?.[1] ?? "";
    expect(balances(await given("--all", "3", "--id", id))).toEqual({ Jane: 4003, joe: 4003, jim: 4003 });
    server.child.kill("SIGTERM");
    await server.ended;
  });
});

const wrong: [words: string[], why: RegExp][] = [
  [[], /a name and a number/],
  [["jane"], /a name and a number/],
  [["jane", "0"], /must be a whole number/],
  [["jane", "4,000"], /must be a whole number[^]*"4,000"/],
  [["jane", "-5"], /must be a whole number/],
  [["jane", "9007199254740992"], /must be a whole number/],
  [["jane", "9007199254740991"], /no balance may be above/],
  [["jane", "5", "more"], /must be a whole number/],
  [["--all"], /With --all, grant takes a number of tokens/],
  [["--all", "jane", "5"], /With --all, grant takes a number of tokens and no names/],
  [["--all", "--file", "x", "5"], /--all and --file cannot go together/],
  [["--file", "/does/not/exist", "5"], /cannot be read \(ENOENT\)/],
  [["--file", "/dev/null", "5"], /There is no name in \/dev\/null/],
  [["--file", "-", "5", "--no-stdin"], /--file - reads stdin, and --no-stdin forbids it/],
  [["jane", "5", "--id", "refill:2026-11-26"], /--id must be an ID that does not begin with refill:/],
  [["jane", "5", "--by", "\x1b[31m"], /--by must be one line/],
  [["jane", "5", "--id", "two words"], /--id must be/],
  [
    ["jane", "5", "--by", "the boss", "--data", "/does/not/exist"],
    /There is no store in [^]*: ai-chat grant jane 5 --by 'the boss' --data DIR\n/,
  ],
  [["jane", "5", "--data", "x", "--store", "postgres://x"], /two different stores/],
];

test("a grant with invalid arguments ends with exit 2 and two lines, and changes nothing", async () => {
  for (const [words, why] of wrong) {
    const refused = await grant(...words);
    expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
    expect(refused.stderr.trimEnd().split("\n")).toHaveLength(2);
  }
  expect(await facts()).toHaveLength(2);
});

test("a 402 from the local server prints the grant command that helps", async () => {
  const env = { AI_CHAT_PRICE: "5000" };
  const { code, stderr } = await runProgram(["ask", "hello"], { home, env });
  expect(code).toBe(5);
  const words = /ai-chat (grant Jane 4000)/.exec(stderr)?.[1]?.split(" ") ?? [];
  expect((await runProgram(words, { home })).code).toBe(0);
  expect((await runProgram(["ask", "hello"], { home, env })).code).toBe(0);
});
