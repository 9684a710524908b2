import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFinder, type Finder } from "../../../../src/client/files/finder.ts";

let dir: string;
let finder: Finder;

const files: Record<string, string> = {
  "home/notes.txt": "x",
  "home/.secret": "x",
  "git/ignore": "*.log\n",
  "repo/.git/HEAD": "ref",
  "repo/.git/info/exclude": "/app/excluded.ts\n",
  "repo/.gitignore": "/app/dist/\n*.tmp\n",
  "repo/outside.ts": "x",
  "repo/app/.gitignore": "*.gen.ts\n!keep.tmp\n",
  "repo/app/src/.gitignore": "!wanted.gen.ts\n",
  "repo/app/src/index.ts": "x",
  "repo/app/src/größe und 漢字.md": "x",
  "repo/app/src/wanted.gen.ts": "x",
  "repo/app/src/other.gen.ts": "x",
  "repo/app/a.tmp": "x",
  "repo/app/keep.tmp": "x",
  "repo/app/debug.log": "x",
  "repo/app/excluded.ts": "x",
  "repo/app/dist/index.js": "x",
  "repo/app/node_modules/p/index.js": "x",
  "repo/app/a#1-2": "x",
  "repo/app/bad\u001bname": "x",
  "repo/app/README.md": "x",
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-finder-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  await symlink("..", join(dir, "repo/app/src/loop"));
  await symlink("/etc", join(dir, "repo/app/etc"));
  finder = createFinder({
    working: join(dir, "repo/app"),
    home: join(dir, "home"),
    ignored: join(dir, "git/ignore"),
  });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("names are completed", () => {
  test("from the working folder, without what git ignores and without following links", async () => {
    expect(await finder.complete("")).toEqual([
      ".gitignore",
      "README.md",
      "a#1-2",
      "keep.tmp",
      "src/.gitignore",
      "src/größe und 漢字.md",
      "src/index.ts",
      "src/wanted.gen.ts",
    ]);
  });

  test("by letters that are anywhere in them, the best first", async () => {
    expect((await finder.complete("index"))[0]).toBe("src/index.ts");
    expect((await finder.complete("srix"))[0]).toBe("src/index.ts");
    expect(await finder.complete("漢字")).toEqual(["src/größe und 漢字.md"]);
    expect(await finder.complete("zzz")).toEqual([]);
  });

  test("from other folders only if they are typed, one level at a time", async () => {
    expect(await finder.complete("outside")).toEqual([]);
    expect(await finder.complete("..")).toEqual(["../app/", "../outside.ts"]);
    expect(await finder.complete("../out")).toEqual(["../outside.ts"]);
    expect(await finder.complete("~/")).toEqual(["~/notes.txt"]);
    expect(await finder.complete("~/.s")).toEqual(["~/.secret"]);
    expect(await finder.complete(`${dir}/repo/a`)).toEqual([`${dir}/repo/app/`]);
    // What is ignored too.
    expect(await finder.complete("dist/ind")).toEqual(["dist/index.js"]);
    expect(await finder.complete("/no/such/folder/")).toEqual([]);
  });
});

describe("a name", () => {
  test("stands for a file, its lines or nothing", async () => {
    const there = ["src/index.ts", "src/index.ts#1", "~/notes.txt", "../outside.ts", "a#1-2", "etc/passwd"];
    for (const name of there) expect([name, await finder.named(name)]).toEqual([name, name]);
    for (const name of ["src", "jane", "jane#1", "..", "~", "~/none", ""])
      expect([name, await finder.named(name)]).toEqual([name, undefined]);
  });

  test("ends before punctuation, unless a file has that too", async () => {
    expect(await finder.named("src/index.ts),")).toBe("src/index.ts");
    await writeFile(join(dir, "repo/app/what?"), "x");
    expect(await finder.named("what?")).toBe("what?");
  });

  test("is read as what it stands for", async () => {
    expect(await finder.read("~/notes.txt", 10)).toMatchObject({
      kind: "text",
      name: "~/notes.txt",
      text: "x",
    });
    expect(await finder.read("a#1-2", 10)).toMatchObject({ kind: "text", text: "x" });
    expect(await finder.read("a#1-2#1", 10)).toMatchObject({ kind: "text", text: "x" });
    expect(await finder.read("none", 10)).toEqual({ kind: "refused", why: "There is no file none." });
  });
});
