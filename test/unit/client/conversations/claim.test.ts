import { appendFile } from "node:fs/promises";
import { hostname } from "node:os";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Handle } from "../../../../src/client/conversations/open-file.ts";
import { createPlace, jane, openThrough, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

async function held() {
  const conversations = place.conversations();
  const id = conversations.start(jane);
  const { turn: first } = await conversations.append(id, turn("first", { parent: null }));
  return { conversations, id, first };
}
/** A second session that has read the conversation. */
async function joined(id: string) {
  const conversations = place.conversations();
  const { seen } = await conversations.readTail(id, 1);
  return { conversations, seen };
}
/** What another session left in the file. */
const waiting = (id: string, rest: object) =>
  appendFile(
    place.file(id),
    `${JSON.stringify({ is: "asking", at: new Date().toISOString(), by: "other", host: hostname(), pid: process.pid, ...rest })}\n`,
  );

describe("a question in a conversation", () => {
  it("is free for the session that began it, again and again", async () => {
    const { conversations, id, first } = await held();
    expect(await conversations.claim(id, 0)).toBe("free");
    await conversations.release(id);
    expect(await conversations.claim(id, 0)).toBe("free");
    await conversations.append(id, turn("second", { parent: first }));
    await conversations.choose(id, first);
    expect(await conversations.claim(id, 0)).toBe("free");
    expect((await conversations.read(id)).turns).toBe(1);
  });

  it("is taken after another session's turn, choice or question, but not after its title", async () => {
    const { conversations, id, first } = await held();
    const second = await joined(id);
    await conversations.rename(id, "Rome");
    expect(await second.conversations.claim(id, second.seen)).toBe("free");
    expect(await conversations.claim(id, 0)).toBe("taken");
    await second.conversations.release(id);
    expect(await conversations.claim(id, 0)).toBe("free");
    await conversations.append(id, turn("mine", { parent: first }));
    expect(await second.conversations.claim(id, second.seen)).toBe("taken");
    const third = await joined(id);
    expect(await third.conversations.claim(id, third.seen)).toBe("free");
    await third.conversations.release(id);
    await third.conversations.choose(id, first);
    expect(await conversations.claim(id, 0)).toBe("taken");
  });

  it("is free again for a session that has read what the other one wrote", async () => {
    const { conversations, id, first } = await held();
    const second = await joined(id);
    await conversations.append(id, turn("mine", { parent: first }));
    expect(await second.conversations.claim(id, second.seen)).toBe("taken");
    const { seen } = await second.conversations.readTail(id, 1);
    expect(await second.conversations.claim(id, seen)).toBe("free");
  });

  it.each([
    ["a killed process", { pid: 2 ** 30 }, "free"],
    ["another machine, long ago", { host: "elsewhere", at: "2020-01-01T00:00:00Z" }, "free"],
    ["another machine", { host: "elsewhere", pid: 2 ** 30 }, "taken"],
    ["a process that runs", {}, "taken"],
  ])("that waits in %s is heeded as it should be", async (_, rest, expected) => {
    const { id } = await held();
    const at = new Date((await place.conversations().find(id)).updatedAt).toISOString();
    await waiting(id, { at, ...rest });
    const second = await joined(id);
    expect(await second.conversations.claim(id, second.seen)).toBe(expected);
  });

  it("may be asked if the file can't be used: saving its turn says why", async () => {
    const { conversations, id } = await held();
    expect(await conversations.claim("nowhere0", 0)).toBe("unknown");
    const full = place.conversations(
      openThrough(() => ({
        write: () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" })),
      })),
    );
    expect(await full.claim(id, 10_000)).toBe("unknown");
    expect(await place.conversations().read(id)).toMatchObject({ turns: 1 });
  });

  it("goes to one session alone, however the reads and writes of several mix", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { id } = await held();
        const turnOf = (what: string) => scheduler.schedule(Promise.resolve(), what);
        const open = openThrough((handle) => ({
          stat: (async () => (await turnOf("stat"), handle.stat())) as Handle["stat"],
          read: async (...where: Parameters<Handle["read"]>) => (await turnOf("read"), handle.read(...where)),
          write: (async (bytes: Buffer) => (await turnOf("write"), handle.write(bytes))) as Handle["write"],
        }));
        const { seen } = await place.conversations().readTail(id, 1);
        const sessions = Array.from({ length: 3 }, () => place.conversations(open));
        const claims = await scheduler.waitFor(Promise.all(sessions.map((one) => one.claim(id, seen))));
        expect(claims.toSorted()).toEqual(["free", "taken", "taken"]);
      }),
      { numRuns: 100 },
    );
  });
});
