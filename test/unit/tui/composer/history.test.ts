import { execFileSync } from "node:child_process";
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HistoryProblem, openHistory } from "../../../../src/tui/composer/history-file.ts";
import {
  createSearch,
  createWalk,
  foundText,
  newer,
  older,
  remember,
  searchFor,
  searchOlder,
  textAt,
} from "../../../../src/tui/composer/history.ts";

describe("the history", () => {
  it("goes back to the oldest entry and forward to the unchanged draft", () => {
    let walk = older(createWalk(["one", "two"]), "half a que")!;
    expect(textAt(walk)).toBe("two");
    walk = older(walk, "two, edited")!;
    expect(textAt(walk)).toBe("one");
    expect(older(walk, "one")).toBeUndefined();
    walk = newer(newer(walk)!)!;
    expect(textAt(walk)).toBe("half a que");
    expect(newer(walk)).toBeUndefined();
    expect(older(createWalk([]), "")).toBeUndefined();
  });

  it("keeps sent texts except repeats, blank ones and ones that begin with a space", () => {
    let walk = createWalk(["one"]);
    for (const sent of ["one", " secret", "", "two", "two", "one"]) walk = remember(walk, sent);
    expect(walk.entries).toEqual(["one", "two", "one"]);
    expect(textAt(walk)).toBe("");
  });
});

describe("the search in the history", () => {
  const entries = ["git status", "Rome in May", "git push", "rome hotels", "git push"];
  const search = (query: string) => searchFor(createSearch(entries), query);

  it("finds the newest entry that contains the query, then older ones with another text", () => {
    expect(foundText(search("git"))).toBe("git push");
    expect(foundText(searchOlder(search("git")))).toBe("git status");
    expect(foundText(searchOlder(searchOlder(search("git"))))).toBe("git status");
    expect(foundText(search(""))).toBeUndefined();
  });

  it("keeps the match while it contains a longer query, and searches again for a shorter one", () => {
    const status = searchFor(searchOlder(search("git")), "git s");
    expect(foundText(status)).toBe("git status");
    expect(foundText(searchFor(status, "git"))).toBe("git push");
    const none = searchFor(status, "git sx");
    expect(foundText(none)).toBeUndefined();
    expect(foundText(searchFor(none, "git sxy"))).toBeUndefined();
    expect(foundText(searchFor(none, "git s"))).toBe("git status");
  });

  it("is case-sensitive only if the query has capitals", () => {
    expect(foundText(search("rome"))).toBe("rome hotels");
    expect(foundText(search("Rome"))).toBe("Rome in May");
  });
});

describe("the history file", () => {
  let folder: string;
  let file: string;
  let problems: HistoryProblem[];
  const open = (keep?: number) => openHistory({ file, keep, onProblem: (problem) => problems.push(problem) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "history-"));
    file = join(folder, "state", "history.jsonl");
    problems = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = async (content: string) => {
    await mkdir(join(folder, "state"), { recursive: true });
    await writeFile(file, content);
  };

  it("is readable only by its user from the first line on", async () => {
    const history = await open();
    history.add("a question");
    await history.close();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("keeps entries between runs, readable only by this user", async () => {
    const first = await open();
    expect(first.entries).toEqual([]);
    for (const entry of ["one", "two\nlines", "two\nlines", " secret", "한글 👍"]) first.add(entry);
    await first.close();
    expect((await open()).entries).toEqual(["one", "two\nlines", "한글 👍"]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "state"))).mode & 0o777).toBe(0o700);
    expect((await readFile(file, "utf8")).split("\n")).toHaveLength(4);
    expect(problems).toEqual([]);
  });

  it("makes a public file private", async () => {
    await write('{"text":"one"}\n');
    await chmod(file, 0o644);
    await (await open()).close();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("reads the newest entries and shortens a file that is too long", async () => {
    await write(Array.from({ length: 25 }, (_, index) => `{"text":"${index}"}\n`).join(""));
    const history = await open(10);
    expect(history.entries).toEqual(Array.from({ length: 10 }, (_, index) => `${index + 15}`));
    history.add("new");
    await history.close();
    expect((await readFile(file, "utf8")).trim().split("\n")).toHaveLength(11);
  });

  it("loses nothing if several sessions start at once with a file that is too long", async () => {
    await write(Array.from({ length: 4_000 }, (_, index) => `{"text":"${index}"}\n`).join(""));
    const session = async (name: string) => {
      const history = await open(1_000);
      for (let n = 0; n < 5; n += 1) history.add(`${name} ${n}`);
      await history.close();
    };
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map(session));
    const { entries } = await open(1_000);
    for (const name of names)
      expect(entries.filter((entry) => entry.startsWith(name))).toEqual(
        [0, 1, 2, 3, 4].map((n) => `${name} ${n}`),
      );
    expect(entries).toHaveLength(1_000);
    expect(await readdir(join(folder, "state"))).toEqual(["history.jsonl"]);
    expect(problems).toEqual([]);
  });

  it("keeps entries although a killed session has left its lock", async () => {
    await write('{"text":"one"}\n');
    await mkdir(`${file}.lock`);
    const history = await open();
    history.add("two");
    await history.close();
    expect((await open()).entries).toEqual(["one", "two"]);
    expect(problems).toEqual([]);
  });

  it("loses only the line that a crash cut off, and reports it once", async () => {
    await write('{"text":"one"}\nnull\n{"text":"tw');
    const history = await open();
    expect(history.entries).toEqual(["one"]);
    history.add("three");
    await history.close();
    expect(problems.map((problem) => problem.kind)).toEqual(["broken"]);
    expect((await open()).entries).toEqual(["one", "three"]);
  });

  it("includes entries that another session appends meanwhile", async () => {
    const history = await open();
    history.add("mine");
    await history.close();
    await appendFile(file, '{"text":"theirs"}\n');
    history.add("mine again");
    await history.close();
    expect((await open()).entries).toEqual(["mine", "theirs", "mine again"]);
  });

  it.skipIf(process.platform === "win32")(
    "that is a named pipe is told, and nobody waits for it",
    async () => {
      await mkdir(join(folder, "state"));
      execFileSync("mkfifo", [file]);
      const history = await open();
      history.add("one");
      await history.close();
      expect(problems.map(({ kind }) => kind)).toEqual(["read", "write"]);
    },
  );

  it("reports once what it can't read or write, and goes on", async () => {
    await writeFile(join(folder, "state"), "a file where the folder should be");
    const history = await open();
    history.add("one");
    history.add("two");
    await history.close();
    expect(problems.map(({ kind, file: name }) => [kind, name])).toEqual([
      ["read", file],
      ["write", file],
    ]);
  });
});
