import { chmod, mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openConversations } from "../../../../src/client/conversations/conversations.ts";
import { createPlace, jane, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

const local = { server: "local", username: "me" };
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

async function held(names: string[], owner = jane): Promise<string> {
  const conversations = place.conversations();
  const id = conversations.start(owner);
  for (const name of names) expect(await conversations.append(id, turn(name))).toMatchObject({ kept: true });
  return id;
}

describe("saved conversations", () => {
  it("are read back by a later run as they were held", async () => {
    const conversations = place.conversations();
    const id = conversations.start(jane);
    expect(id).toMatch(/^[a-z0-9]{8}$/);
    const odd = { question: "Zwei\nZeilen \u2028\ud800?", answer: "```js\n\u0000\u001b[31m\n``` 👩‍👩‍👧" };
    await conversations.append(id, turn("Rome", odd));
    await conversations.append(id, turn("b", { stopped: true, tokensDeducted: null, model: null }));
    const read = await place.conversations().read(id);
    expect(read).toMatchObject({
      id,
      ...jane,
      title: "Zwei Zeilen �?",
      turns: 2,
    });
    expect(read.exchanges).toEqual([
      expect.objectContaining({ ...odd, stopped: false, tokensDeducted: 100, model: "demo" }),
      expect.objectContaining({ question: "b?", stopped: true, tokensDeducted: null, model: null }),
    ]);
    expect(read.createdAt).toBeLessThan(read.exchanges[0]!.at);
    expect(read.updatedAt).toBe(read.exchanges[1]!.at);
    expect(place.problems).toEqual([]);
  });

  it("are named after the words of the first question, without its files and the code behind them", async () => {
    const conversations = place.conversations();
    const titleAfter = async (question: string) => {
      const id = conversations.start(jane);
      await conversations.append(id, turn("a", { question }));
      return (await place.conversations().read(id)).title;
    };
    expect(await titleAfter("see @a.md now\n\n```a.md\nhi\n```\n\n[image b.png]")).toBe("see @a.md now");
    expect(await titleAfter("see @b.png\n\n[image b.png]")).toBe("see @b.png");
    expect(await titleAfter("why?\n~~~js\nlet x\n~~~")).toBe("why?");
    expect(await titleAfter("```js\nlet x\n```\nwhy?")).toBe("```js let x ``` why?");
    expect(await titleAfter("one ``` two\nthree")).toBe("one ``` two three");
  });

  it("leave nothing behind before the first turn, also when they were renamed by then", async () => {
    const conversations = place.conversations();
    const id = conversations.start(jane);
    expect(await conversations.rename(id, "Plans")).toEqual({ kept: true });
    await expect(stat(place.dir)).rejects.toThrow("ENOENT");
    expect(await conversations.list()).toEqual([]);
    await conversations.append(id, turn("a"));
    expect(await conversations.list()).toEqual([expect.objectContaining({ id, title: "Plans", turns: 1 })]);
  });

  it("are for this user's eyes alone, also after somebody opened them", async () => {
    const id = await held(["a"]);
    expect([await modeOf(place.dir), await modeOf(place.file(id))]).toEqual(["700", "600"]);
    await chmod(place.dir, 0o755);
    await chmod(place.file(id), 0o644);
    await place.conversations().append(id, turn("b"));
    await held(["c"]);
    expect([await modeOf(place.dir), await modeOf(place.file(id))]).toEqual(["700", "600"]);
  });

  it("are listed with the latest turn first, which a new title doesn't change", async () => {
    const [first, second] = [await held(["a", "b"]), await held(["c"], local)];
    const conversations = place.conversations();
    expect(await conversations.rename(first, "  Trip\n to \u001b[31mRome ")).toEqual({ kept: true });
    expect(await conversations.list()).toEqual([
      expect.objectContaining({ id: second, title: "c?", server: "local", username: "me", turns: 1 }),
      expect.objectContaining({ id: first, title: "Trip to Rome", ...jane, turns: 2 }),
    ]);
    await conversations.append(first, turn("d"));
    expect((await conversations.list()).map(({ id, turns }) => [id, turns])).toEqual([
      [first, 3],
      [second, 1],
    ]);
  });

  it("keep their title below many later turns", async () => {
    const id = await held(["a", "b"]);
    const conversations = place.conversations();
    await conversations.rename(id, "Rome");
    for (let at = 0; at < 60; at += 1) await conversations.append(id, turn("x".repeat(1000)));
    expect(await place.conversations().list()).toEqual([
      expect.objectContaining({ title: "Rome", turns: 62 }),
    ]);
  });

  it("refuse a title without text", async () => {
    const id = await held(["a"]);
    await expect(place.conversations().rename(id, " \u001b[31m\n")).rejects.toMatchObject({ code: "usage" });
  });

  it("go on with the newest of this server and account", async () => {
    const mine = await held(["a"]);
    await held(["b"], { ...jane, username: "john" });
    await held(["c"], local);
    const conversations = place.conversations();
    expect(await conversations.newest({ ...jane, username: "jane" })).toMatchObject({ id: mine });
    expect(await conversations.newest({ ...jane, username: "nobody" })).toBeUndefined();
    const formerly = ["JANE"];
    expect(await conversations.newest({ ...jane, username: "jane.doe", formerly })).toMatchObject({
      id: mine,
    });
    expect(await conversations.newest({ ...jane, server: "https://chat.example.org/x" })).toBeUndefined();
  });

  it("go on with the one of the latest turn, not with one that was renamed or copied since", async () => {
    const old = await held(["a"]);
    const latest = await held(["b"]);
    await place.conversations().rename(old, "Renamed");
    const turnTime = (await place.conversations().find(latest)).updatedAt / 1000;
    await utimes(place.file(latest), turnTime, turnTime);
    expect(await place.conversations().newest(jane)).toMatchObject({ id: latest });
  });

  it("go on with the one of the latest turn, also where the file system's clock counts in steps of two seconds", async () => {
    const conversations = place.conversations();
    const [old, latest] = [conversations.start(jane), conversations.start(jane)];
    await conversations.append(old, turn("a"));
    await conversations.append(latest, turn("b"));
    const times = await Promise.all(
      [old, latest].map(async (id) => (await conversations.find(id)).updatedAt),
    );
    await utimes(place.file(old), times[0]! / 1000, times[0]! / 1000);
    const stamp = (times[1]! - 1999) / 1000;
    await utimes(place.file(latest), stamp, stamp);
    expect(stamp * 1000).toBeLessThan(times[0]!);
    expect(await place.conversations().newest(jane)).toMatchObject({ id: latest });
  });

  it("know an account whose name isn't known", async () => {
    const conversations = place.conversations();
    const id = conversations.start({ ...jane, username: null });
    await conversations.append(id, turn("a"));
    expect(await conversations.newest({ ...jane, username: null })).toMatchObject({ id, username: null });
    expect(await conversations.newest(jane)).toBeUndefined();
  });

  it("are found by any unique beginning of their ID", async () => {
    const id = await held(["a"]);
    for (const prefix of [id, id.slice(0, 1), id.slice(0, 5).toUpperCase()])
      expect(await place.conversations().find(prefix)).toMatchObject({ id });
  });

  it("have none by what is no ID", async () => {
    await held(["a"]);
    for (const prefix of ["", "zzzzzzzzz", "../secret", "a b", "toString"])
      await expect(place.conversations().find(prefix), prefix).rejects.toMatchObject({
        code: "usage",
        remedy: { kind: "list_conversations" },
      });
  });

  it("name the candidates where a beginning fits several", async () => {
    const text = await place.text(await held(["Rome"]));
    await writeFile(place.file("zz000001"), text);
    await writeFile(place.file("zz000002"), text);
    await expect(place.conversations().find("zz")).rejects.toMatchObject({
      code: "usage",
      message: "2 conversations begin with zz.",
      remedy: {
        kind: "name_conversation",
        candidates: [
          { id: "zz000001", title: "Rome?" },
          { id: "zz000002", title: "Rome?" },
        ],
        more: 0,
      },
    });
  });

  it("put a turn in the place of another, where it was asked again or edited", async () => {
    const conversations = place.conversations();
    const id = conversations.start(jane);
    const { turn: parent } = await conversations.append(id, turn("a"));
    const { turn: second } = await conversations.append(id, turn("b", { stopped: true }));
    const { turn: third } = await conversations.append(id, turn("B", { parent, replaces: second }));
    await conversations.append(id, turn("BB", { parent, replaces: third }));
    await conversations.append(id, turn("c"));
    const later = place.conversations();
    expect(await later.readTail(id, 2)).toMatchObject({
      exchanges: [{ question: "BB?" }, { question: "c?" }],
      earlier: 1,
    });
    expect((await later.read(id)).turns).toBe(3);
    expect(await place.text(id)).toContain('"b?"');
  });

  it("are gone once removed, and a session that holds one is told", async () => {
    const id = await held(["a"]);
    const session = place.conversations();
    await session.append(id, turn("b"));
    expect(await place.conversations().remove(id)).toEqual({ kept: true });
    expect(await place.conversations().remove(id)).toEqual({ kept: true });
    expect(await session.list()).toEqual([]);
    expect(await session.append(id, turn("c"))).toMatchObject({
      kept: false,
      why: expect.stringContaining(`${place.file(id)} was deleted`),
    });
    await expect(session.read(id)).rejects.toMatchObject({ code: "usage" });
    await expect(stat(place.file(id))).rejects.toThrow("ENOENT");
  });

  it("say what they couldn't keep where there is no folder, and keep on answering", async () => {
    const homeless = openConversations({ dir: undefined, now: () => 0 });
    const id = homeless.start(jane);
    const why = expect.stringContaining("XDG_DATA_HOME");
    expect(await homeless.append(id, turn("a"))).toMatchObject({ kept: false, why });
    expect(await homeless.rename(id, "x")).toMatchObject({ kept: false, why });
    expect(await homeless.remove(id)).toEqual({ kept: true });
    expect(await homeless.list()).toEqual([]);
    expect(await homeless.newest(jane)).toBeUndefined();
    await expect(homeless.find(id)).rejects.toMatchObject({ code: "usage" });
  });

  it("say that something is in the way of their folder, and keep those turns once it is gone", async () => {
    await mkdir(join(place.root, "data"));
    await writeFile(place.dir, "a file in the way");
    const conversations = place.conversations();
    const id = conversations.start(jane);
    for (const name of ["a", "b"])
      expect(await conversations.append(id, turn(name))).toMatchObject({
        kept: false,
        why: expect.stringContaining(`${place.dir} can't be written: a file is in the way. Move`),
      });
    expect(await conversations.list()).toEqual([]);
    expect(place.problems).toEqual([
      expect.stringContaining(`${place.dir} can't be read: a file is in the way`),
    ]);
    await place.remove();
    expect(await conversations.append(id, turn("c"))).toMatchObject({ kept: true });
    const { exchanges } = await place.conversations().read(id);
    expect(exchanges.map(({ question }) => question)).toEqual(["a?", "b?", "c?"]);
  });
});
