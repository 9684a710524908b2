import { execFileSync } from "node:child_process";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPlace, jane, openThrough, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

async function held(...names: string[]): Promise<string> {
  const conversations = place.conversations();
  const id = conversations.start(jane);
  for (const name of names) await conversations.append(id, turn(name));
  return id;
}
const questions = async (id: string) =>
  (await place.conversations().read(id)).exchanges.map(({ question }) => question);

describe("a conversation's file", () => {
  it("loses nothing but the torn line, wherever it was torn, and goes on behind it", async () => {
    const id = await held("a", "ö");
    const whole = await readFile(place.file(id));
    const last = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (let cut = last; cut < whole.length; cut += 1) {
      await writeFile(place.file(id), whole.subarray(0, cut));
      const kept = cut === whole.length - 1 ? ["a?", "ö?"] : ["a?"];
      expect(await questions(id)).toEqual(kept);
      expect(await place.conversations().append(id, turn("c"))).toMatchObject({ kept: true });
      expect(await questions(id)).toEqual([...kept, "c?"]);
      expect(JSON.parse((await place.text(id)).split("\n").at(-2)!)).toMatchObject({ question: "c?" });
      expect(await place.conversations().readTail(id, 1)).toMatchObject({ earlier: kept.length });
      await place.conversations().append(id, turn("d"));
      expect(await place.conversations().find(id)).toMatchObject({ turns: kept.length + 2, title: "a?" });
    }
  });

  it("is not listed while its first turn was never whole, and takes that turn again", async () => {
    let fails = true;
    const open = openThrough((handle) => ({
      write: (async (bytes: Buffer) => {
        if (!fails) return handle.write(bytes);
        await handle.write(bytes.subarray(0, 20));
        throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      }) as typeof handle.write,
    }));
    const conversations = place.conversations(open);
    const id = conversations.start(jane);
    expect(await conversations.append(id, turn("a"))).toMatchObject({
      kept: false,
      why: expect.stringMatching(/can't be written: the disk is full\. Free some space\.$/),
    });
    expect(await conversations.list()).toEqual([]);
    fails = false;
    expect(await conversations.append(id, turn("b"))).toMatchObject({ kept: true });
    expect(await place.conversations().read(id)).toMatchObject({ ...jane, title: "a?", turns: 2 });
  });

  it("has its broken lines skipped and told once, with the place", async () => {
    const id = await held("a");
    const byte = (await place.text(id)).length;
    await appendFile(place.file(id), '[]\n{"is":"of a newer program"}\n\n');
    const conversations = place.conversations();
    await conversations.append(id, turn("b"));
    for (let times = 0; times < 2; times += 1)
      expect((await conversations.read(id)).exchanges).toMatchObject([
        { question: "a?" },
        { question: "b?" },
      ]);
    expect(place.problems).toEqual([
      `${place.file(id)} has a broken line at byte ${byte}, which is skipped. Delete that line.`,
    ]);
  });

  it("still counts right after somebody made a line of it longer", async () => {
    const id = await held("a", "b", "c", "d");
    await writeFile(place.file(id), (await place.text(id)).replace("b!", "b, as it should have been"));
    expect(await place.conversations().readTail(id, 1)).toMatchObject({ earlier: 3 });
    await place.conversations().append(id, turn("e"));
    expect(await place.conversations().find(id)).toMatchObject({ turns: 5, title: "a?" });
  });

  it("still counts right after somebody took a line out of it", async () => {
    const id = await held("a", "b", "c", "d");
    const lines = (await place.text(id)).split("\n");
    await writeFile(place.file(id), lines.toSpliced(2, 1).join("\n"));
    expect(await questions(id)).toEqual(["a?", "c?", "d?"]);
    expect(await place.conversations().readTail(id, 1)).toMatchObject({ earlier: 2 });
  });

  it.each([
    ["no conversation", "just text\n", "isn't a conversation"],
    [
      "a turn without a header",
      '{"is":"turn","id":"a","at":"2026-11-22","question":"q","answer":"a"}\n',
      "isn't",
    ],
    [
      "of a newer program",
      '{"is":"conversation","version":3,"id":"x","server":"local","username":"me","created_at":"2026-11-22"}\n',
      "was written by a newer ai-chat",
    ],
  ])("that is %s is skipped, told once, and never written to", async (_, text, why) => {
    const good = await held("a");
    const bad = "bad00000";
    await writeFile(place.file(bad), text);
    const conversations = place.conversations();
    for (let times = 0; times < 2; times += 1)
      expect(await conversations.list()).toEqual([expect.objectContaining({ id: good })]);
    expect(place.problems).toEqual([expect.stringContaining(`${place.file(bad)} ${why}`)]);
    await expect(conversations.find(bad)).rejects.toMatchObject({
      code: "internal",
      remedy: { kind: "fix_file", trouble: expect.stringContaining(why) },
    });
    expect(await conversations.append(bad, turn("b"))).toMatchObject({ kept: false });
    expect(await place.text(bad)).toBe(text);
  });

  it("that is a folder is told, and the others are listed", async () => {
    const good = await held("a");
    await mkdir(place.file("folder00"));
    await writeFile(place.file("notes.txt"), "not one of ours");
    await writeFile(place.file("empty000"), "");
    expect(await place.conversations().list()).toEqual([expect.objectContaining({ id: good })]);
    expect(place.problems).toEqual([
      expect.stringContaining(`${place.file("folder00")} can't be read: a folder`),
    ]);
  });

  it.skipIf(process.platform === "win32")(
    "that is a named pipe is told, and nobody waits for it",
    async () => {
      const good = await held("a");
      execFileSync("mkfifo", [place.file("pipe0000")]);
      const conversations = place.conversations();
      expect(await conversations.list()).toEqual([expect.objectContaining({ id: good })]);
      const why = `${place.file("pipe0000")} can't be read: it isn't a regular file. Move it away.`;
      expect(place.problems).toEqual([why]);
      await expect(conversations.read("pipe0000")).rejects.toMatchObject({
        code: "internal",
        remedy: { kind: "fix_file", trouble: why },
      });
      expect(await conversations.append("pipe0000", turn("b"))).toMatchObject({
        kept: false,
        why: expect.stringContaining("can't be written: it isn't a regular file."),
      });
    },
  );

  it("that may not be read is told; one that may not be written keeps its turns for later", async () => {
    const id = await held("a");
    const denied = () => Promise.reject(Object.assign(new Error("denied"), { code: "EACCES" }));
    expect(await place.conversations(denied).list()).toEqual([]);
    expect(place.problems).toEqual([
      `${place.file(id)} can't be read: permission denied. Fix its permissions.`,
    ]);
    expect(await place.conversations(denied).append(id, turn("b"))).toMatchObject({
      kept: false,
      why: `This conversation can't be kept: ${place.file(id)} can't be written: permission denied. Fix its permissions.`,
    });
  });

  it("keeps its claims out of what people say", async () => {
    const said = '{"is":"turn"}\n{"is":"conversation","version":9}';
    const id = await held("a", said, "b");
    expect(await questions(id)).toEqual(["a?", `${said}?`, "b?"]);
  });
});
