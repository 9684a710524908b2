import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { giveInFolder } from "../../../../../src/server/stores/json/give.ts";
import { acquireLock, askHolder, lockHolder } from "../../../../../src/server/stores/json/lock.ts";
import { makeFolder, openStore } from "./place.ts";

/** What the holder of the folder writes to whoever says `text` to its socket, until it hangs up. */
async function say(dir: string, text: string): Promise<string> {
  const name = (await readdir(dir)).find((file) => file.startsWith("lock.")) ?? "";
  // A socket's path is short, and the folder for temporary files may not be.
  const home = process.cwd();
  process.chdir(dir);
  const socket = connect({ path: name });
  process.chdir(home);
  let heard = "";
  socket.on("data", (piece) => (heard += piece.toString()));
  socket.on("error", () => {});
  socket.write(text);
  await once(socket, "close");
  return heard;
}

describe("the lock as the operator's way in", () => {
  it("is open to this user alone, whatever the umask", async () => {
    const dir = await makeFolder();
    const before = process.umask(0);
    const lock = await acquireLock(dir);
    process.umask(before);
    expect(((await stat(join(dir, "lock.1"))).mode & 0o777).toString(8)).toBe("600");
    await lock.release();
  });

  it("answers each who asks, also those who asked before it could, and nobody once it is let go", async () => {
    const dir = await makeFolder();
    expect(await askHolder(dir, {})).toEqual({ kind: "nobody" });
    const lock = await acquireLock(dir);
    const early = askHolder(dir, { ask: 1 });
    expect(await lockHolder(dir)).toBe(true);
    lock.serve(async (request) => ({ heard: request }));
    expect(await early).toEqual({ kind: "answer", answer: { heard: { ask: 1 } } });
    const many = await Promise.all(Array.from({ length: 20 }, (_, at) => askHolder(dir, { at })));
    expect(many).toEqual(many.map((_, at) => ({ kind: "answer", answer: { heard: { at } } })));
    await lock.release();
    expect(await askHolder(dir, {})).toEqual({ kind: "nobody" });
  });

  it("finishes what it is answering before it is let go, and hangs up on who only waits", async () => {
    const dir = await makeFolder();
    const lock = await acquireLock(dir);
    const silent = say(dir, "");
    let answer = () => {};
    const asked = new Promise<void>((reached) => {
      lock.serve(async () => {
        reached();
        await new Promise<void>((resolve) => (answer = resolve));
        return "done";
      });
    });
    const told = askHolder(dir, {});
    await asked;
    const released = lock.release();
    answer();
    expect(await told).toEqual({ kind: "answer", answer: "done" });
    expect(await silent).toBe("");
    await released;
  });

  it.each([
    ["no JSON", "nonsense\n"],
    ["more than a line may have", `${"x".repeat(20_000)}\n`],
    ["more than a line may have, without its end", "x".repeat(20_000)],
  ])("hangs up on who says %s", async (_what, text) => {
    const dir = await makeFolder();
    await openStore(dir);
    expect(await say(dir, text)).toBe("");
    expect(await lockHolder(dir)).toBe(true);
  });

  it("refuses what it doesn't know with words, and grants nothing for it", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const made = await store.accounts.create({ name: "jane", passwordHash: "x", tokens: 10 });
    const account = made.kind === "created" ? made.account.id : "";
    for (const request of [
      {},
      { take: {} },
      { grant: { name: "jane", tokens: -5, id: "a" } },
      { grant: { name: "jane", tokens: 1.5, id: "a" } },
      { grant: { name: "jane", tokens: 5, id: "" } },
    ])
      expect(JSON.parse(await say(dir, `${JSON.stringify(request)}\n`))).toMatchObject({
        error: { code: "other" },
      });
    expect(await store.ledger.balance(account)).toEqual({ tokens: 10, held: 0 });
  });
});

describe("a grant in a folder", () => {
  const grant = { name: "jane", tokens: 5, id: "g" };

  it("goes through the open store, and under the lock where there is none; the same id once", async () => {
    const dir = await makeFolder();
    expect(await giveInFolder(dir, grant, () => {})).toEqual({ kind: "no_store" });
    expect(await readdir(dir)).toEqual([]);
    const { store } = await openStore(dir);
    await store.accounts.create({ name: "Jane", passwordHash: "x", tokens: 10 });
    const reply = { username: "Jane", tokens: 15 };
    expect(await giveInFolder(dir, grant, () => {})).toEqual({ kind: "granted", ...reply });
    await store.close();
    expect(await giveInFolder(dir, grant, () => {})).toEqual({ kind: "repeated", ...reply });
    expect(await lockHolder(dir)).toBe(false);
  });

  it("that meets a store which is closing is given all the same", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    await store.accounts.create({ name: "jane", passwordHash: "x", tokens: 10 });
    const given = Array.from({ length: 5 }, (_, at) =>
      giveInFolder(dir, { ...grant, id: `g${at}` }, () => {}),
    );
    await store.close();
    expect((await Promise.all(given)).map(({ kind }) => kind)).toEqual(given.map(() => "granted"));
    expect(await giveInFolder(dir, { ...grant, id: "g0" }, () => {})).toMatchObject({ tokens: 35 });
  });
});
