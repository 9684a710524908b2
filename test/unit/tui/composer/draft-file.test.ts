import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDraft } from "../../../../src/tui/composer/draft-file.ts";

let dir: string;
beforeEach(async () => void (dir = join(await mkdtemp(join(tmpdir(), "ai-chat-test-")), "state")));
// The test advances the time.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => {
  vi.useRealTimers();
  return rm(join(dir, ".."), { recursive: true, force: true });
});

const open = (pid: number, alive: number[] = []) =>
  openDraft({ dir, pid, isAlive: (other) => alive.includes(other), delay: 500 });
async function written(pid: number, text: string): Promise<void> {
  vi.advanceTimersByTime(500);
  expect(await readFile(join(dir, `draft-${pid}.txt`), "utf8")).toBe(text);
}

describe("a draft", () => {
  it("of a killed session is found once, by the next session", async () => {
    open(11).keep("half a\nquestion");
    await written(11, "half a\nquestion");
    expect(open(12).found).toBe("half a\nquestion");
    expect(open(13).found).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
  });

  // Node's recursive mkdir never returns for these paths, so the session would hang.
  it.skipIf(process.platform !== "linux").each(["/proc/ai-chat", "/proc/ai-chat/state", "/dev/null/state"])(
    "causes no error where %s can't be made",
    (place) => {
      const draft = openDraft({ dir: place, pid: 11, isAlive: () => false });
      draft.keep("some");
      expect(() => draft.flush()).not.toThrow();
    },
  );

  it.skipIf(process.platform === "win32")(
    "that is a named pipe is passed over, and nobody waits for it",
    async () => {
      open(11).keep("mine");
      await written(11, "mine");
      for (const name of ["draft-99.txt", "draft-12.txt.new"]) execFileSync("mkfifo", [join(dir, name)]);
      const draft = open(12);
      expect(draft.found).toBe("mine");
      draft.keep("next");
      await written(12, "next");
    },
  );

  it("of a session that still runs is left alone", async () => {
    open(11).keep("mine");
    await written(11, "mine");
    expect(open(12, [11]).found).toBeUndefined();
    expect(await readdir(dir)).toEqual(["draft-11.txt"]);
  });

  it("is found under the same process ID: in a container every run may be process 7", async () => {
    open(7).keep("mine");
    await written(7, "mine");
    expect(open(7, [7]).found).toBe("mine");
  });

  it("is removed when its text is sent or the session is left, and is readable only by this user", async () => {
    const draft = open(11);
    draft.keep("some");
    await written(11, "some");
    expect((await stat(join(dir, "draft-11.txt"))).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    draft.keep("");
    expect(await readdir(dir)).toEqual([]);
    draft.keep("other");
    await written(11, "other");
    draft.close();
    expect(await readdir(dir)).toEqual([]);
  });

  it("is written at once when the session is ended from outside", () => {
    const draft = openDraft({ dir, pid: 11, isAlive: () => false, delay: 1_000_000 });
    draft.keep("some");
    draft.flush();
    expect(open(12).found).toBe("some");
  });

  it("causes no error if it can't be written", async () => {
    await writeFile(dir, "a file in the folder's place");
    const draft = open(11);
    expect(draft.found).toBeUndefined();
    draft.keep("some");
    vi.advanceTimersByTime(500);
    draft.close();
    expect(await readFile(dir, "utf8")).toBe("a file in the folder's place");
  });
});
