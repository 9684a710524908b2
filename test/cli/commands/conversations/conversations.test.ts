import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openConversations, type Conversations } from "../../../../src/client/conversations/conversations.ts";
import {
  exportAllDocument,
  importDocument,
  versionsDocument,
} from "../../../../src/cli/commands/conversations/document.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
let saved: Conversations;
let rome: string;
let code: string;
beforeEach(async () => {
  home = await makeHome();
  saved = openConversations({ dir: join(home.dir, "data", "ai-chat", "conversations"), now: Date.now });
  const turn = { tokensDeducted: 100, model: "demo" };
  rome = saved.start({ server: "https://chat.example.org", username: "jane" });
  await saved.append(rome, { ...turn, question: "Trip to Rome?", answer: "**Yes**, by train." });
  code = saved.start({ server: "local", username: null });
  await saved.append(code, { ...turn, question: "What is a monad?", answer: "A monoid." });
  await saved.append(code, { ...turn, question: "Of what?", answer: "Endofunctors\u001b[2J." });
});
afterEach(() => home.remove());

const run = (...args: string[]) => runProgram(["conversations", ...args], { home });
const documentOf = async (...args: string[]) => {
  const { code, stdout, stderr } = await run("--json", ...args);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as unknown;
};
const romeRow = () => ({
  id: rome,
  title: "Trip to Rome?",
  server: "https://chat.example.org",
  username: "jane",
  updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
  turns: 1,
  pinned: false,
});

test("list shows the saved conversations, and --json prints their documents", async () => {
  const lines = (await run("list")).stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines.find((line) => line.startsWith(rome))).toMatch(
    /Trip to Rome\? {2}\(1 turn, jane at https:\/\/chat\.example\.org\)$/,
  );
  expect(await documentOf("list")).toEqual(
    expect.arrayContaining([
      romeRow(),
      { ...romeRow(), id: code, title: "What is a monad?", server: "local", username: null, turns: 2 },
    ]),
  );
});

test.skipIf(process.platform === "win32")(
  "a named pipe among the saved conversations is reported and not read",
  async () => {
    const pipe = join(home.dir, "data", "ai-chat", "conversations", "pipe0000.jsonl");
    execFileSync("mkfifo", [pipe]);
    const list = await run("list");
    expect([list.code, list.stdout.trimEnd().split("\n").length]).toEqual([0, 2]);
    expect(list.stderr).toContain(`${pipe} can't be read: it isn't a regular file. Move it away.`);
    expect((await run("show", "pipe")).code).toBe(1);
  },
);

test("pinned conversations are first, with a mark", async () => {
  await saved.pin(rome, true);
  const { stdout } = await run("list");
  expect(stdout).toMatch(
    new RegExp(`^${rome} .*\\(pinned, 1 turn, jane at .*\n${code} .*\\(2 turns, local\\)\n$`),
  );
  expect(await documentOf("list")).toMatchObject([
    { id: rome, pinned: true },
    { id: code, pinned: false },
  ]);
});

test("list without conversations prints nothing on stdout and says so on stderr", async () => {
  for (const id of [rome, code]) await saved.remove(id);
  const { code: exit, stdout, stderr } = await run("list");
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: "" });
  expect(stderr).toContain("no saved conversations");
  expect(await documentOf("list")).toEqual([]);
});

test("show and export print a conversation as Markdown, by the beginning of its ID", async () => {
  const shown = await run("show", rome);
  expect(shown.stdout).toMatch(/^# Trip to Rome\?\n[^]*> Trip to Rome\?\n\n\*\*Yes\*\*, by train\.\n$/);
  const prefix = Array.from(rome, (_, at) => rome.slice(0, at + 1)).find((text) => !code.startsWith(text));
  expect((await run("export", prefix ?? rome)).stdout).toBe(shown.stdout);
});

test("export --format json is one document with every turn, oldest first", async () => {
  const { stdout } = await run("export", code, "--format", "json");
  const exported = JSON.parse(stdout) as { turns: { question: string }[] };
  expect(exported).toMatchObject({ id: code, server: "local", username: null });
  expect(exported.turns.map(({ question }) => question)).toEqual(["What is a monad?", "Of what?"]);
  expect(await documentOf("export", code)).toEqual(exported);
  expect(await documentOf("show", code)).toEqual(exported);
});

test("show and export print every version with --versions, and the others refuse it", async () => {
  const { exchanges } = await saved.read(code);
  const [first, second] = exchanges.map(({ id }) => id);
  await saved.append(code, {
    question: "Of which?",
    answer: "This one.",
    tokensDeducted: 100,
    model: "demo",
    parent: first,
    replaces: second,
  });
  const document = versionsDocument.parse(await documentOf("show", code, "--versions"));
  expect(document.turns.map(({ question, parent, shown }) => [question, parent, shown])).toEqual([
    ["What is a monad?", null, true],
    ["Of what?", first, false],
    ["Of which?", first, true],
  ]);
  expect(await documentOf("export", code, "--versions")).toEqual(document);
  const { stdout } = await run("export", code, "--versions");
  const parts = stdout.split("\n\n---\n\n").slice(1);
  expect(parts.map((part) => part.split("\n")[0])).toEqual([
    "*turn 1*",
    "*turn 2.1, after turn 1, not shown*",
    "*turn 2.2, after turn 1*",
  ]);
  expect((await run("show", code, "--versions")).stdout).toBe(stdout);
  expect((await run("show", code)).stdout).not.toContain("Of what?");
  const refused = await run("list", "--versions");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--versions goes with show")]);
});

test("export --all writes each into a file and replaces none; import makes conversations of them again", async () => {
  const dir = join(home.dir, "out", "rome");
  const exported = exportAllDocument.parse(await documentOf("export", "--all", dir, "--versions"));
  expect(exported).toMatchObject({ folder: dir, existing: [] });
  const files = exported.files.map(({ file }) => file).sort();
  expect(files).toEqual([`trip-to-rome-${rome}.json`, `what-is-a-monad-${code}.json`]);
  expect((await readdir(dir)).sort()).toEqual(files);
  await writeFile(join(dir, files[0] ?? ""), "mine");
  const again = await run("export", "--all", dir, "--format", "json");
  expect([again.code, again.stdout]).toEqual([1, ""]);
  expect(again.stderr).toContain(`What existed there is as it was: `);
  expect(await readFile(join(dir, files[0] ?? ""), "utf8")).toBe("mine");

  const monad = join(dir, files[1] ?? "");
  const refused = await run("import", monad, join(dir, files[0] ?? ""));
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`${files[0]}: it is no JSON.`)]);
  expect(await saved.list()).toHaveLength(2);
  const [imported] = importDocument.parse(await documentOf("import", monad));
  expect(imported).toMatchObject({ title: "What is a monad?", was: code });
  await saved.remove(code);
  const odd = join(dir, "odd.json");
  await writeFile(odd, (await readFile(monad, "utf8")).replace(`"${code}"`, '"../x"'));
  expect((await run("import", monad, odd)).stderr).toMatch(
    new RegExp(
      `^Imported ${code}: What is a monad\\?\nImported [a-z0-9]{8} \\(was \\.\\./x\\): What is a monad\\?\n$`,
    ),
  );
  expect((await saved.readTree(code)).turns).toHaveLength(2);
});

test.each([
  [["list", "--all"], "--all goes with export."],
  [["list", "--format", "json"], "--format goes with export. For a document: --json"],
  [["show", "k3", "--format", "md"], "--format goes with export."],
  [["export", "--all"], "--all DIR is missing"],
  [["import"], "FILE is missing"],
  [["import", "/nonexistent"], "/nonexistent: there is no such file."],
])("%j is refused", async (args, why) => {
  const { code, stderr } = await run(...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
});

test("search looks in titles, questions and answers, and ignores case", async () => {
  const { stdout } = await run("search", "by", "TRAIN");
  expect(stdout).toMatch(new RegExp(`^${rome} [^]*answer: .*by train`));
  expect(stdout).not.toContain(code);
  expect(await documentOf("search", "rome")).toEqual([
    { ...romeRow(), where: "question", snippet: "Trip to Rome?", matches: 1 },
  ]);
  const nothing = await run("search", "nowhere to be found");
  expect([nothing.code, nothing.stdout, nothing.stderr]).toEqual([
    0,
    "",
    expect.stringContaining("No saved"),
  ]);
});

test("delete removes that conversation for good", async () => {
  const { code: exit, stderr } = await run("delete", rome);
  expect([exit, stderr]).toEqual([0, expect.stringContaining("Trip to Rome?")]);
  expect((await saved.list()).map(({ id }) => id)).toEqual([code]);
  expect(await documentOf("delete", code)).toEqual({ id: code, title: "What is a monad?" });
});

test.each([
  [["show"], "ID is missing"],
  [["show", "zzzzzzz9"], "no conversation"],
  [["delete", "../../x"], "no conversation"],
  [["export", "a", "b"], "too many"],
  [["export", "a", "--format", "pdf"], "--format must be md or json"],
  [["search"], "TEXT is missing"],
  [["lst"], "list, show, search, export, import, delete"],
  [[], "list, show, search, export, import, delete"],
])("conversations %j ends with exit 2 and says why", async (args, words) => {
  const { code: exit, stdout, stderr } = await run(...args);
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
  expect(stderr).toContain(words);
});
