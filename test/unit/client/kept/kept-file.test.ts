import { execFileSync } from "node:child_process";
import { lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lock } from "../../../../src/disk/file-lock.ts";
import { createKeptFile } from "../../../../src/client/kept/kept-file.ts";

vi.mock("../../../../src/disk/file-lock.ts", { spy: true });

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-kept-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));
afterEach(() => vi.mocked(lock).mockReset());

/** The lock can't be had so often, for this reason. */
function refuse(code: string, times: number): void {
  for (let left = times; left > 0; left -= 1)
    vi.mocked(lock).mockRejectedValueOnce(Object.assign(new Error(code), { code }));
}

describe("a file's lock", () => {
  it("is waited for as long as others take their turns", async () => {
    refuse("ELOCKED", 45);
    const file = createKeptFile({ dir, name: "config" });
    expect(await file.change((content) => void (content.save = false))).toEqual({ kept: true });
    expect(file.read()).toEqual({ save: false });
  });

  it("that can't be made is told at once: it will not be free later", async () => {
    refuse("EACCES", 2);
    const file = createKeptFile({ dir, name: "config" });
    expect(await file.change(() => {})).toEqual({
      kept: false,
      why: expect.stringContaining("permission denied"),
    });
    expect(lock).toHaveBeenCalledTimes(1);
  });
});

describe("a link in the place of the file", () => {
  it.each([
    ["relative", "linked/mine.conf"],
    ["absolute", undefined],
  ])("whose file is missing stays, and the file is made where it points (%s)", async (_, relative) => {
    const target = join(dir, "linked", "mine.conf");
    const path = join(dir, "config.json");
    await symlink(relative ?? target, path);
    const file = createKeptFile({ dir, name: "config" });
    expect(await file.isWritable()).toEqual({ kept: true });
    for (const save of [false, true]) {
      expect(await file.change((content) => void (content.save = save))).toEqual({ kept: true });
      expect(JSON.parse(await readFile(target, "utf8"))).toEqual({ save });
      expect((await lstat(path)).isSymbolicLink()).toBe(true);
    }
    expect(file.read()).toEqual({ save: true });
    expect((await stat(target)).mode & 0o777).toBe(0o600);
  });
});

describe("a file", () => {
  const path = () => join(dir, "config.json");
  const bigEndian = (text: string) => Buffer.from(text, "utf16le").swap16();
  const give = (content: Record<string, unknown>) => void (content.save = false);

  it.each([
    ["with a byte order mark", '\ufeff{"plain":true}', { plain: true }],
    ["without a byte", "", {}],
    ["of a byte order mark alone", "\ufeff", {}],
    ["of a line end alone", "\n", {}],
    ["of a byte order mark of UTF-16 alone", Buffer.from([0xff, 0xfe]), {}],
  ])("%s is read, and written without one, for this user alone", async (_, bytes, content) => {
    await writeFile(path(), bytes, { mode: 0o644 });
    const file = createKeptFile({ dir, name: "config" });
    expect([file.read(), file.problem]).toEqual([content, undefined]);
    expect(await file.isWritable()).toEqual({ kept: true });
    expect(await file.change(give)).toEqual({ kept: true });
    expect(JSON.parse(await readFile(path(), "utf8"))).toEqual({ ...content, save: false });
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });

  it.each([
    [
      "UTF-16 with a byte order mark",
      Buffer.from("\ufeff{}", "utf16le"),
      "UTF-8 but UTF-16. Save it as UTF-8,",
    ],
    ["UTF-16, the large end first", bigEndian("\ufeff{}"), "UTF-8 but UTF-16. Save it as UTF-8,"],
    ["UTF-16 without a mark", Buffer.from("{}", "utf16le"), "UTF-8 but UTF-16. Save it as UTF-8,"],
    ["UTF-16 without a mark, the large end first", bigEndian("{}"), "UTF-8 but UTF-16. Save it as UTF-8,"],
    ["Latin-1", Buffer.from('{"editor":"\u00e9"}', "latin1"), "it isn't a JSON object. Repair it,"],
  ])("in %s is told as such, and never overwritten", async (_, bytes, why) => {
    await writeFile(path(), bytes);
    const file = createKeptFile({ dir, name: "config" });
    expect(file.read()).toEqual({});
    expect(file.problem).toContain(why);
    expect(await file.change(give)).toEqual({ kept: false, why: file.problem });
    expect(await file.isWritable()).toEqual({ kept: false, why: file.problem });
    expect(await readFile(path())).toEqual(bytes);
  });

  it.skipIf(process.platform === "win32")(
    "that is a named pipe is told, and nobody waits for it",
    async () => {
      execFileSync("mkfifo", [path()]);
      const file = createKeptFile({ dir, name: "config" });
      expect(file.read()).toEqual({});
      expect(file.problem).toBe(`${path()} can't be read: it isn't a regular file. Move it away.`);
      expect(await file.change(give)).toEqual({ kept: false, why: file.problem });
      expect((await stat(path())).isFIFO()).toBe(true);
    },
  );
});
