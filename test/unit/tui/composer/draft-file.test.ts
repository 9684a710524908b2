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
const read = async (pid: number) => {
  await Promise.resolve();
  return JSON.parse(await readFile(join(dir, `draft-${pid}.json`), "utf8")) as unknown;
};
async function written(pid: number, text: string): Promise<void> {
  vi.advanceTimersByTime(500);
  expect(await read(pid)).toEqual({ text, queue: [] });
}

const pending = { message: "one", key: "k", server: "local", username: "jane", context: "c", at: 1 };

describe("a draft", () => {
  it("of a killed session is found once, by the next session", async () => {
    open(11).keep({ text: "half a\nquestion" });
    await written(11, "half a\nquestion");
    expect(open(12).found?.text).toBe("half a\nquestion");
    expect(open(13).found).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
  });

  const png = (name: string) => ({
    name,
    type: "image/png" as const,
    bytes: Buffer.from(`\u0089PNG\r\n\u001a\n${name}`, "latin1"),
  });

  it("keeps the images of what was typed for the next session, and none once a session ends in order", async () => {
    const killed = open(11);
    await killed.keepImage(png("shot.png"));
    killed.keep({ text: "[image shot.png]" });
    vi.advanceTimersByTime(500);
    expect((await stat(join(dir, "draft-11.images"))).mode & 0o777).toBe(0o700);
    const next = open(12);
    expect(await Promise.all(next.images.map((image) => image.read()))).toEqual([png("shot.png")]);
    if (next.found) next.keep(next.found);
    await next.keepImage(png("other.png"));
    next.flush();
    const third = open(13);
    expect(third.images.map(({ name }) => name)).toEqual(["shot.png", "other.png"]);
    third.close();
    expect(await readdir(dir)).toEqual([]);
  });

  it("of a queue keeps its images when the session ends in order", async () => {
    const left = open(11);
    await left.keepImage(png("shot.png"));
    left.keep({ queue: ["[image shot.png]"] });
    left.close();
    expect(await Promise.all(open(12).images.map((image) => image.read()))).toEqual([png("shot.png")]);
  });

  it("that is none leaves no images of a killed session behind, and none of a running one are touched", async () => {
    await open(11).keepImage(png("shot.png"));
    await open(12, [11]).keepImage(png("shot.png"));
    open(13, [12]);
    expect(await readdir(dir)).toEqual(["draft-12.images"]);
  });

  // Node's recursive mkdir never returns for these paths, so the session would hang.
  it.skipIf(process.platform !== "linux").each(["/proc/ai-chat", "/proc/ai-chat/state", "/dev/null/state"])(
    "causes no error where %s can't be made",
    (place) => {
      const draft = openDraft({ dir: place, pid: 11, isAlive: () => false });
      draft.keep({ text: "some" });
      expect(() => draft.flush()).not.toThrow();
    },
  );

  it.skipIf(process.platform === "win32")(
    "that is a named pipe is passed over, and nobody waits for it",
    async () => {
      open(11).keep({ text: "mine" });
      await written(11, "mine");
      for (const name of ["draft-99.json", "draft-12.json.new"]) execFileSync("mkfifo", [join(dir, name)]);
      const draft = open(12);
      expect(draft.found?.text).toBe("mine");
      draft.keep({ text: "next" });
      await written(12, "next");
    },
  );

  it("of a session that still runs is left alone", async () => {
    open(11).keep({ text: "mine" });
    await written(11, "mine");
    expect(open(12, [11]).found).toBeUndefined();
    expect(await readdir(dir)).toEqual(["draft-11.json"]);
  });

  it("is found under the same process ID: in a container every run may be process 7", async () => {
    open(7).keep({ text: "mine" });
    await written(7, "mine");
    expect(open(7, [7]).found?.text).toBe("mine");
  });

  it("is removed when its text is sent or the session is left, and is readable only by this user", async () => {
    const draft = open(11);
    draft.keep({ text: "some" });
    await written(11, "some");
    expect((await stat(join(dir, "draft-11.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    draft.keep({ text: "" });
    await Promise.resolve();
    expect(await readdir(dir)).toEqual([]);
    draft.keep({ text: "other" });
    await written(11, "other");
    draft.close();
    expect(await readdir(dir)).toEqual([]);
  });

  it("is written at once when the session is ended from outside", () => {
    const draft = openDraft({ dir, pid: 11, isAlive: () => false, delay: 1_000_000 });
    draft.keep({ text: "some" });
    draft.flush();
    expect(open(12).found?.text).toBe("some");
  });

  it("has a text that joins the queue once, whenever the session is killed", async () => {
    const draft = open(11);
    draft.keep({ text: "one" });
    await written(11, "one");
    draft.keep({ queue: ["one"] });
    draft.keep({ text: "" });
    expect(await read(11)).toEqual({ text: "", queue: ["one"] });
    draft.keep({ queue: [] });
    draft.keep({ pending });
    expect(await read(11)).toEqual({ text: "", queue: [], pending });
    expect(open(12).found).toEqual({ text: "", queue: [], pending });
  });

  it("keeps the queue at once, and alone when the session is left", async () => {
    const draft = open(11);
    draft.keep({ text: "half" });
    draft.keep({ queue: ["one", "two"] });
    expect(await read(11)).toEqual({ text: "half", queue: ["one", "two"] });
    draft.close();
    expect(await read(11)).toEqual({ text: "", queue: ["one", "two"] });
    expect(open(12).found).toEqual({ text: "", queue: ["one", "two"] });
  });

  it("of an earlier version, and one that is broken, cause no error", async () => {
    open(11).keep({ text: "mine" });
    await written(11, "mine");
    await writeFile(join(dir, "draft-9.txt"), "an older one");
    await writeFile(join(dir, "draft-99.json"), '{"text":7,"queue":[null,"two"],"pending":{"key":1}}');
    await writeFile(join(dir, "draft-999.json"), "{");
    expect(open(12).found).toEqual({ text: "", queue: ["two"] });
    expect(open(12).found?.text).toBe("an older one");
    expect(open(12).found?.text).toBe("mine");
    expect(await readdir(dir)).toEqual([]);
  });

  it("causes no error if it can't be written", async () => {
    await writeFile(dir, "a file in the folder's place");
    const draft = open(11);
    expect(draft.found).toBeUndefined();
    draft.keep({ text: "some" });
    vi.advanceTimersByTime(500);
    draft.close();
    expect(await readFile(dir, "utf8")).toBe("a file in the folder's place");
  });
});
