import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { splitRange } from "../../../../src/client/files/named-file.ts";
import { readFile } from "../../../../src/client/files/read-file.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-files-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

/** Reads a file of that content, or lines of it. */
async function readOf(content: string | Buffer, end = "", most = 1000) {
  const path = join(dir, "file");
  await writeFile(path, content);
  return readFile({ name: `file${end}`, path, range: splitRange(`file${end}`)?.range }, most);
}

const read = (name: string, path = join(dir, name)) => readFile({ name, path }, 1000);

describe("text", () => {
  test("is read with its lines counted, without a byte order mark", async () => {
    expect(await readOf("\ufeffone\ntwo\n")).toEqual({
      kind: "text",
      name: "file",
      text: "one\ntwo\n",
      lines: 2,
    });
    expect(await readOf("größe\r\n漢字")).toMatchObject({ text: "größe\r\n漢字", lines: 2 });
  });

  test.each([
    ["#2-3", "two\nthree\n", 2],
    ["#2", "two\n", 1],
    ["#L3-L99", "three\nfour", 2],
    ["#3-2", "two\nthree\n", 2],
    ["#0-1", "one\n", 1],
  ])("of a range %s is those lines alone", async (end, text, lines) => {
    expect(await readOf("one\ntwo\nthree\nfour", end)).toMatchObject({ kind: "text", text, lines });
  });

  test("of a range may come from a file that is too large as a whole", async () => {
    const long = "line\n".repeat(2000);
    expect(await readOf(long)).toMatchObject({ kind: "refused" });
    expect(await readOf(long, "#1999-2000")).toMatchObject({ text: "line\nline\n" });
  });

  test("counts by characters, not by bytes", async () => {
    expect(await readOf("😀".repeat(1000))).toMatchObject({ kind: "text" });
    expect(await readOf("x".repeat(1001))).toEqual({
      kind: "refused",
      why: "file is too large: it has 1,001 characters.",
      hint: "A question may have 1,000 characters. Name a part, such as FILE#1-200.",
    });
  });
});

describe("an image", () => {
  test("is told by its bytes, whatever its name is", async () => {
    expect(await readOf(PNG)).toEqual({ kind: "image", name: "file", type: "image/png", bytes: PNG });
  });

  test("may be as large as a question takes it", async () => {
    const full = Buffer.concat([PNG, Buffer.alloc(5 * 1024 * 1024 - PNG.length)]);
    const whole = await readOf(full);
    expect(whole.kind === "image" && full.equals(whole.bytes)).toBe(true);
    expect(await readOf(Buffer.concat([full, Buffer.alloc(1)]))).toEqual({
      kind: "refused",
      why: "file has 5.1 MiB; an image may have 5.0 MiB.",
    });
  });
});

describe("refused in words", () => {
  test.each<[what: string, content: string | Buffer, end: string, why: string]>([
    ["a PDF", "%PDF-1.7\nwords", "", "file is a PDF."],
    ["a binary file", Buffer.from("ELF\0\u0001\u0002"), "", "file is a binary file."],
    ["a zero byte far behind", `${"x".repeat(9000)}\n\0`, "#2", "file#2 is a binary file."],
    ["another encoding", Buffer.from("gr\xf6\xdfe", "latin1"), "", "file is not UTF-8 text."],
    ["UTF-16", Buffer.from("\ufeffwords", "utf16le"), "", "file is not UTF-8 text."],
    ["an empty file", "", "", "file is empty."],
    ["a blank one", " \n\n", "", "file is empty."],
    ["lines behind the end", "one\n", "#2-5", "file#2-5: the file has fewer lines."],
    ["blank lines", "one\n\nthree", "#2", "file#2: these lines are empty."],
    ["lines of an image", PNG, "#1", "file#1 is an image: it has no lines."],
  ])("%s", async (_what, content, end, why) => {
    expect(await readOf(content, end, 100_000)).toMatchObject({ kind: "refused", why });
  });

  test("what is larger than anything, without reading it", async () => {
    const path = join(dir, "huge");
    await writeFile(path, "line\n".repeat(2000));
    await truncate(path, 8 * 1024 ** 4);
    expect(await read("huge")).toMatchObject({ kind: "refused" });
    const range = { first: 1, last: 2 };
    expect(await readFile({ name: "huge#1-2", path, range }, 1000)).toMatchObject({
      hint: "Only files of at most 64.0 MiB are read.",
    });
  });

  test("a folder, a missing file, a name that is no name", async () => {
    expect(await read("folder", dir)).toEqual({ kind: "refused", why: "folder is a folder." });
    expect(await read("none")).toEqual({ kind: "refused", why: "There is no file none." });
    expect(await read("\u001b[2Jnone")).toEqual({ kind: "refused", why: "There is no file none." });
    expect(await read("a\0b")).toMatchObject({ kind: "refused" });
    expect(await read("x".repeat(300))).toMatchObject({ kind: "refused" });
  });

  test.skipIf(process.platform === "win32")("devices, named pipes, sockets, and links to them", async () => {
    const refusal = (name: string) => ({
      kind: "refused",
      why: `${name} is no regular file, and is not read.`,
    });
    expect(await read("null", "/dev/null")).toEqual(refusal("null"));
    expect(await read("zero", "/dev/zero")).toEqual(refusal("zero"));
    execFileSync("mkfifo", [join(dir, "pipe")]);
    expect(await read("pipe")).toEqual(refusal("pipe"));
    await symlink("pipe", join(dir, "to-pipe"));
    expect(await read("to-pipe")).toEqual(refusal("to-pipe"));
    await symlink("loop", join(dir, "loop"));
    expect(await read("loop")).toEqual({ kind: "refused", why: "loop can't be read (ELOOP)." });
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((done) => server.listen(join(dir, "socket"), done));
    expect(await read("socket")).toEqual(refusal("socket"));
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)("what may not be read", async () => {
    await mkdir(join(dir, "closed"));
    await writeFile(join(dir, "closed", "file"), "x", { mode: 0o000 });
    expect(await read("closed/file")).toEqual({
      kind: "refused",
      why: "closed/file can't be read: permission denied.",
    });
  });
});

test.each([
  ["src/app.ts#20-45", { path: "src/app.ts", range: { first: 20, last: 45 } }],
  ["app#L7", { path: "app", range: { first: 7, last: 7 } }],
  ["a#1-2#3-4", { path: "a#1-2", range: { first: 3, last: 4 } }],
  ["app.ts", undefined],
  ["app.ts#", undefined],
  ["app.ts#top", undefined],
  ["#20-45", undefined],
])("splits %s", (text, expected) => {
  expect(splitRange(text)).toEqual(expected);
});
