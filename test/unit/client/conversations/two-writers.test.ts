import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Handle } from "../../../../src/client/conversations/open-file.ts";
import { createPlace, jane, openThrough, turn } from "./place.ts";

const places: Awaited<ReturnType<typeof createPlace>>[] = [];
const newPlace = async () => {
  const place = await createPlace();
  places.push(place);
  return place;
};
afterEach(() => Promise.all(places.splice(0).map((place) => place.remove())));

describe("two sessions on one conversation", () => {
  it("read back every turn once, in each one's order, however their reads and writes mix", async () => {
    const writes = fc.array(fc.record({ title: fc.boolean(), size: fc.integer({ min: 0, max: 9000 }) }), {
      maxLength: 4,
    });
    // Where a write is cut off, from its end; what the disk does once it is nearly full.
    const cuts = fc.array(fc.option(fc.integer({ min: 1, max: 300 })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), writes, writes, cuts, async (scheduler, first, second, cut) => {
        const place = await newPlace();
        const begun = place.conversations();
        const id = begun.start(jane);
        await begun.append(id, turn("first"));

        const left = [...cut];
        const turnOf = (what: string) => scheduler.schedule(Promise.resolve(), what);
        const open = openThrough((handle) => ({
          stat: (async () => {
            await turnOf("stat");
            return handle.stat();
          }) as Handle["stat"],
          read: async (...where: Parameters<Handle["read"]>) => {
            await turnOf("read");
            return handle.read(...where);
          },
          write: (async (bytes: Buffer) => {
            await turnOf("write");
            return handle.write(bytes.subarray(0, Math.max(0, bytes.length - (left.shift() ?? 0))));
          }) as Handle["write"],
        }));
        const session = async (name: string, script: typeof first) => {
          const conversations = place.conversations(open);
          for (const [at, { title, size }] of script.entries()) {
            if (title) await conversations.rename(id, `${name}${at}`);
            else await conversations.append(id, turn(`${name}${at}`, { answer: "x".repeat(size) }));
          }
          left.length = 0;
          await conversations.append(id, turn(`${name} end`));
        };
        await scheduler.waitFor(Promise.all([session("a", first), session("b", second)]));

        const { exchanges } = await place.conversations().read(id);
        const of = (name: string) =>
          exchanges.map(({ question }) => question).filter((question) => question.startsWith(name));
        const expected = (name: string, script: typeof first) => [
          ...script.flatMap(({ title }, at) => (title ? [] : [`${name}${at}?`])),
          `${name} end?`,
        ];
        expect(of("a")).toEqual(expected("a", first));
        expect(of("b")).toEqual(expected("b", second));
        expect(of("first")).toEqual(["first?"]);
        expect((await place.conversations().find(id)).turns).toBe(exchanges.length);
      }),
      { numRuns: 100 },
    );
  });

  it("lose nothing and count right when they are two processes", async () => {
    const place = await newPlace();
    const begun = place.conversations();
    const id = begun.start(jane);
    await begun.append(id, turn("first"));
    const bundle = join(place.root, "conversations.mjs");
    const { build } = await import("esbuild");
    await build({
      entryPoints: [
        new URL("../../../../src/client/conversations/conversations.ts", import.meta.url).pathname,
      ],
      outfile: bundle,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "silent",
    });
    const script = join(place.root, "write.mjs");
    await writeFile(
      script,
      `import { openConversations } from ${JSON.stringify(bundle)};
       const [dir, id, name] = process.argv.slice(2);
       const conversations = openConversations({ dir, now: Date.now });
       for (let at = 0; at < 100; at += 1) {
         const kept = await conversations.append(id, {
           question: name + at, answer: name.repeat(at * 50), tokensDeducted: null, model: null });
         if (!kept.kept) throw new Error(kept.why);
       }`,
    );
    const run = (name: string) => promisify(execFile)(process.execPath, [script, place.dir, id, name]);
    await Promise.all([run("a"), run("b")]);
    const { exchanges } = await place.conversations().read(id);
    for (const name of ["a", "b"])
      expect(
        exchanges
          .map(({ question }) => question)
          .filter((question) => question.startsWith(name))
          .slice(-100),
      ).toEqual(Array.from({ length: 100 }, (_, at) => `${name}${at}`));
    expect((await place.conversations().find(id)).turns).toBe(201);
    expect(place.problems).toEqual([]);
  });

  it("begin conversations side by side in one folder", async () => {
    const place = await newPlace();
    const begin = async () => {
      const conversations = place.conversations();
      const id = conversations.start(jane);
      await Promise.all(["a", "b", "c"].map((name) => conversations.append(id, turn(name))));
      return id;
    };
    const ids = await Promise.all(Array.from({ length: 20 }, begin));
    const listed = await place.conversations().list();
    expect(listed.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(listed.every(({ turns, title }) => turns === 3 && title === "a?")).toBe(true);
  });
});
