import { readFile, writeFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Handle, OpenFile } from "../../../../src/client/conversations/open-file.ts";
import { latestUnder, pathTo, versionsOf, type Tree } from "../../../../src/client/conversations/tree.ts";
import { parsed, record } from "../../../../src/text/loose-json.ts";
import { createPlace, jane, openThrough, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

const questions = async (id: string) =>
  (await place.conversations().read(id)).exchanges.map(({ question }) => question);
/** Without lines that were cut short. */
const recordsOf = async (id: string) =>
  (await place.text(id))
    .split("\n")
    .map((line) => record(parsed(line)))
    .filter((line) => line !== undefined);
const versionOf = async (id: string) => (await recordsOf(id))[0]?.version;

/** What a program of version 1 reads: a turn follows the last one, or takes the place of another. */
function asList(records: Record<string, unknown>[]): unknown[] {
  const turns = records.filter(({ is }) => is === "turn");
  const gone = new Set(turns.map(({ replaces }) => replaces));
  return turns.filter(({ id }) => !gone.has(id)).map(({ question }) => question);
}

/** `a`, then `b` and its other version `B`. */
async function held() {
  const conversations = place.conversations();
  const id = conversations.start(jane);
  const { turn: a } = await conversations.append(id, turn("a", { parent: null }));
  const { turn: b } = await conversations.append(id, turn("b", { parent: a }));
  const { turn: B } = await conversations.append(id, turn("B", { parent: a, replaces: b }));
  return { conversations, id, a, b, B };
}

describe("a conversation is a tree", () => {
  it("keeps every version of a turn, and stays readable by the older program while that reads it right", async () => {
    const { id } = await held();
    expect(await questions(id)).toEqual(["a?", "B?"]);
    expect(await versionOf(id)).toBe(1);
    expect(asList(await recordsOf(id))).toEqual(["a?", "B?"]);
    const tree = await place.conversations().readTree(id);
    const [, b] = tree.turns;
    expect(versionsOf(tree, b!).map(({ question }) => question)).toEqual(["b?", "B?"]);
  });

  it("goes on behind another version, and then the older program refuses it", async () => {
    const { conversations, id, b } = await held();
    const before = await place.text(id);
    expect(await conversations.append(id, turn("c", { parent: b }))).toMatchObject({ kept: true });
    expect(await questions(id)).toEqual(["a?", "b?", "c?"]);
    expect(await place.conversations().find(id)).toMatchObject({ turns: 3, title: "a?" });
    const after = await place.text(id);
    expect(after.startsWith(before.replace('"version":1', '"version":2'))).toBe(true);
  });

  it("keeps the choice of a version until something is asked, also for the next run", async () => {
    const { conversations, id, a, b } = await held();
    expect(await conversations.choose(id, b)).toEqual({ kept: true });
    expect(await questions(id)).toEqual(["a?", "b?"]);
    expect(await versionOf(id)).toBe(2);
    await conversations.choose(id, a);
    expect(await place.conversations().find(id)).toMatchObject({ turns: 1 });
    await place.conversations().append(id, turn("c"));
    expect(await questions(id)).toEqual(["a?", "c?"]);
    expect(await place.conversations().readTail(id, 1)).toMatchObject({ earlier: 1 });
  });

  it("of the older program is read as that one wrote it", async () => {
    const id = "old00000";
    const { conversations } = await held();
    const line = (name: string, rest = {}) =>
      JSON.stringify({ is: "turn", id: name, at: "2026-11-22T00:00:00Z", ...turn(name), ...rest });
    const header = { is: "conversation", version: 1, id, ...jane, created_at: "2026-11-22T00:00:00Z" };
    const lines = [JSON.stringify(header), line("a"), line("b"), line("B", { replaces: "b" }), line("c")];
    await writeFile(place.file(id), `${lines.join("\n")}\n`);
    expect(await questions(id)).toEqual(["a?", "B?", "c?"]);
    const tree = await conversations.readTree(id);
    expect(tree.turns.map(({ id: name, parent }) => [name, parent])).toEqual([
      ["a", null],
      ["b", "a"],
      ["B", "a"],
      ["c", "B"],
    ]);
    await conversations.append(id, turn("d", { parent: "b" }));
    expect(await questions(id)).toEqual(["a?", "b?", "d?"]);
  });

  it("of the older program is read so, whichever of its turns were replaced", async () => {
    const id = "old00000";
    await held();
    const header = { is: "conversation", version: 1, id, ...jane, created_at: "2026-11-22T00:00:00Z" };
    const each = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(each, async (instead) => {
        const records = instead.map((isInstead, at) => {
          const rest = isInstead && at > 0 ? { replaces: String(at - 1) } : {};
          return { is: "turn", id: String(at), at: "2026-11-22T00:00:00Z", ...turn(String(at)), ...rest };
        });
        const lines = [header, ...records].map((one) => JSON.stringify(one));
        await writeFile(place.file(id), `${lines.join("\n")}\n`);
        expect(await questions(id)).toEqual(asList(records));
        const tree = await place.conversations().readTree(id);
        expect(pathTo(tree, tree.head).map(({ question }) => question)).toEqual(asList(records));
      }),
    );
  });

  it("forks with the turns up to one, as a file of its own that the older program reads", async () => {
    const { conversations, id, b } = await held();
    await conversations.append(id, turn("c", { parent: b }));
    const fork = await conversations.fork(id, b);
    expect(fork).toMatchObject({ kept: true, title: "a? (fork)" });
    expect(await questions(fork.id)).toEqual(["a?", "b?"]);
    expect(await place.conversations().find(fork.id)).toMatchObject({
      ...jane,
      title: "a? (fork)",
      turns: 2,
    });
    expect(await versionOf(fork.id)).toBe(1);
    expect(asList(await recordsOf(fork.id))).toEqual(["a?", "b?"]);
    await conversations.append(fork.id, turn("d", { parent: b }));
    expect(await questions(fork.id)).toEqual(["a?", "b?", "d?"]);
    expect(await questions(id)).toEqual(["a?", "b?", "c?"]);
  });

  it("shows what is left of it where a turn in between is broken", async () => {
    const { conversations, id, B } = await held();
    await conversations.append(id, turn("c", { parent: B }));
    const text = await place.text(id);
    await writeFile(place.file(id), text.replace('"question":"B?"', '"question":B?'));
    expect(await questions(id)).toEqual(["a?", "b?", "c?"]);
    const tree = await place.conversations().readTree(id);
    expect(pathTo(tree, tree.head).map(({ question }) => question)).toEqual(["a?", "b?", "c?"]);
  });
});

/** A disk on which a session is killed at its `left`th call that changes something, of which `part` is done. */
function dying(left: number, part: number): OpenFile {
  const dead = () => Object.assign(new Error("killed"), { code: "EIO" });
  const counted = async <T>(run: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left < 0) throw dead();
    return run();
  };
  return openThrough((handle) => ({
    write: (async (bytes: Buffer, ...where: [number?, number?, number?]) => {
      if (left === 0 && where[2] === undefined)
        await handle.write(bytes.subarray(0, Math.floor(bytes.length * part)));
      return counted(() => handle.write(bytes, ...where));
    }) as Handle["write"],
    datasync: () => counted(() => handle.datasync()),
  }));
}

describe("a session that is killed while it makes a file version 2", () => {
  it.each([0, 1, 2, 3])("at call %i leaves a file that no program misreads", async (calls) => {
    const { id, b } = await held();
    for (const part of [0, 0.5, 1]) {
      const killed = place.conversations(dying(calls, part));
      await killed.append(id, turn("c", { parent: b }));
      const whole = (await place.text(id))
        .split("\n")
        .some((line) => line.endsWith("}") && line.includes("c?"));
      expect(await questions(id)).toEqual(whole ? ["a?", "b?", "c?"] : ["a?", "B?"]);
      const isOld = (await readFile(place.file(id), "utf8")).startsWith('{"is":"conversation","version":1,');
      expect(isOld ? asList(await recordsOf(id)) : ["a?", "B?"]).toEqual(["a?", "B?"]);
    }
    await place.conversations().append(id, turn("d", { parent: b }));
    expect(await questions(id)).toEqual(["a?", "b?", "d?"]);
  });
});

type Step =
  | { do: "ask" | "edit" | "reopen"; cut: number | null }
  | { do: "choose" | "fork"; at: number; cut: number | null };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom("ask" as const, "ask" as const, "edit" as const, "reopen" as const),
    cut: fc.option(fc.nat(400), { freq: 8 }),
  }),
  fc.record({
    do: fc.constantFrom("choose" as const, "fork" as const),
    at: fc.nat(20),
    cut: fc.option(fc.nat(400), { freq: 8 }),
  }),
);

/** Every turn with the names of those that lead to it. */
const pathsOf = (tree: Tree) =>
  tree.turns.map(({ id, question }) => [question, pathTo(tree, id).map((one) => one.question)]);

describe("any use of a conversation", () => {
  it("loses no turn that was written, and every reader sees the same path", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        let left = Infinity;
        const open = openThrough((handle) => ({
          write: (async (bytes: Buffer, ...where: [number?, number?, number?]) => {
            if (bytes.length <= left) return handle.write(bytes, ...where);
            await handle.write(bytes.subarray(0, left));
            throw Object.assign(new Error("killed"), { code: "EIO" });
          }) as Handle["write"],
        }));
        let session = place.conversations(open);
        let id = session.start(jane);
        await session.append(id, turn("0", { parent: null }));
        let { head, turns } = await session.readTree(id);
        const expected: unknown[] = pathsOf({ head, turns });
        let count = 0;
        for (const one of steps) {
          const tree = { head, turns };
          const path = pathTo(tree, head);
          const [leaf, before] = [path.at(-1)!, path.at(-2)];
          const parent = one.do === "ask" ? leaf.id : (before?.id ?? null);
          const name = String((count += 1));
          if (one.cut !== null) left = one.cut;
          if (one.do === "ask") await session.append(id, turn(name, { parent }));
          else if (one.do === "edit") await session.append(id, turn(name, { parent, replaces: leaf.id }));
          else if (one.do === "choose") {
            const target = turns[one.at % turns.length]!;
            await session.choose(id, latestUnder(tree, target.id));
          } else if (one.do === "fork" && one.cut === null) {
            const to = path[one.at % path.length]!;
            ({ id } = await session.fork(id, to.id));
            expected.splice(0, Infinity, ...pathsOf({ ...tree, turns: pathTo(tree, to.id) }));
          }
          const isKilled = one.cut !== null;
          left = Infinity;
          if (isKilled || one.do === "reopen") session = place.conversations(open);
          const now = await session.readTree(id);
          const shown = pathTo(now, now.head).map(({ question }) => question);
          if (!isKilled && (one.do === "ask" || one.do === "edit"))
            expected.push([
              `${name}?`,
              [...path.slice(0, one.do === "ask" ? undefined : -1), { question: `${name}?` }].map(
                (each) => each.question,
              ),
            ]);
          const all = pathsOf(now);
          expect(all.filter(([question]) => (isKilled ? question !== `${name}?` : true))).toEqual(expected);
          if (all.length > expected.length) expected.push(all.at(-1));
          expect(await questions(id)).toEqual(shown);
          expect((await session.find(id)).turns).toBe(shown.length);
          expect((await versionOf(id)) === 1 ? asList(await recordsOf(id)) : shown).toEqual(shown);
          ({ head, turns } = now);
        }
      }),
      { numRuns: 60 },
    );
  });
});
