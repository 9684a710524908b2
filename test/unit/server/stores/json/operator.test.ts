import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { giveInFolder } from "../../../../support/operate-in-folder.ts";
import { ACT_PAGE } from "../../../../../src/server/core/operations.ts";
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

describe("the socket of the lock", () => {
  it("is open only to this user, under every umask", async () => {
    const dir = await makeFolder();
    const before = process.umask(0);
    const lock = await acquireLock(dir);
    process.umask(before);
    expect(((await stat(join(dir, "lock.1"))).mode & 0o777).toString(8)).toBe("600");
    await lock.release();
  });

  it("answers every request, also those before serve, and none after release", async () => {
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

  it("finishes its answers before the release, and hangs up on a silent client", async () => {
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

  it("hangs up on a client that sends no line of JSON", async () => {
    const cases: [string, string][] = [
      ["no JSON", "nonsense\n"],
      ["more than a line may have", `${"x".repeat(20_000)}\n`],
      ["more than a line may have, without its end", "x".repeat(20_000)],
    ];
    for (const [what, text] of cases) {
      const dir = await makeFolder();
      await openStore(dir);
      expect(await say(dir, text), what).toBe("");
      expect(await lockHolder(dir), what).toBe(true);
    }
  });

  it("refuses unknown requests, and grants nothing", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    const made = await store.accounts.create({ name: "jane", passwordHash: "x", tokens: 10 });
    const account = made.kind === "created" ? made.account.id : "";
    const act = { reason: null, by: null };
    const [one, grant] = [
      { ...act, account },
      { ...act, kind: "grant", accounts: [account], tokens: 5, id: "a" },
    ];
    for (const request of [
      {},
      { take: {} },
      { act: { ...grant, tokens: -5 } },
      { act: { ...grant, tokens: 1.5 } },
      { act: { ...grant, id: "" } },
      { act: { ...grant, id: "two words" } },
      { act: { ...grant, id: "refill:2026-11-26" } },
      { act: { ...grant, accounts: [] } },
      { act: { ...grant, accounts: Array(ACT_PAGE + 1).fill(account) } },
      { act: { ...grant, by: "a\nb" } },
      { act: { ...one, kind: "rename", name: "deleted#1" } },
      { act: { ...one, kind: "set_password", hash: "in the clear" } },
    ])
      expect(JSON.parse(await say(dir, `${JSON.stringify(request)}\n`))).toMatchObject({
        error: { code: "other" },
      });
    expect(await store.ledger.balance(account)).toEqual({ tokens: 10, held: 0 });
  });
});

describe("a grant in a folder", () => {
  const grant = { name: "jane", tokens: 5, id: "g" };

  it("goes through the open store, or under the lock without one, and once for the same id", async () => {
    const dir = await makeFolder();
    expect(await giveInFolder(dir, grant, () => {})).toEqual({ kind: "no_store" });
    expect(await readdir(dir)).toEqual([]);
    const { store } = await openStore(dir);
    await store.accounts.create({ name: "Jane", passwordHash: "x", tokens: 10 });
    const reply = { tokens: 15 };
    expect(await giveInFolder(dir, grant, () => {})).toEqual({ kind: "granted", ...reply });
    await store.close();
    expect(await giveInFolder(dir, grant, () => {})).toEqual({ kind: "repeated", ...reply });
    expect(await lockHolder(dir)).toBe(false);
  });

  it("is made even if the store is closing", async () => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    await store.accounts.create({ name: "jane", passwordHash: "x", tokens: 10 });
    const given = Array.from({ length: 5 }, (_, at) =>
      giveInFolder(dir, { ...grant, id: `g${at}` }, () => {}),
    );
    await store.close();
    expect(await Promise.all(given)).toEqual(given.map(() => expect.objectContaining({ kind: "granted" })));
    expect(await giveInFolder(dir, { ...grant, id: "g0" }, () => {})).toMatchObject({ tokens: 35 });
  });
});
