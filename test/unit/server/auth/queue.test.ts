import { expect, test } from "vitest";
import { createQueue } from "../../../../src/server/auth/queue.ts";
import type { Turn } from "../../../../src/server/core/credentials.ts";

/** A queue of one thread, which is busy, and in which order its jobs begin. */
async function busy(maxQueue = 100) {
  const queue = createQueue({ threads: 1, maxQueue });
  await queue.enter({});
  const begun: string[] = [];
  const refused: string[] = [];
  return {
    begun,
    refused,
    enter(label: string, turn: Turn) {
      void queue.enter(turn).then(
        () => begun.push(label),
        (error: { code?: string }) => refused.push(`${label} ${error.code ?? "left"}`),
      );
    },
    /** Ends the running job, and each one that begins after it. */
    async run(jobs: number) {
      for (let job = 0; job < jobs; job += 1) {
        queue.leave();
        await new Promise(setImmediate);
      }
      return begun.splice(0);
    },
    settled: () => new Promise(setImmediate),
  };
}

const of = (address: string, name = "", more: Partial<Turn> = {}): Turn => ({ address, name, ...more });

test("jobs of one address and name begin in the order in which they came", async () => {
  const queue = await busy();
  for (const label of ["1", "2", "3"]) queue.enter(label, of("a", "n"));
  expect(await queue.run(4)).toEqual(["1", "2", "3"]);
});

test("an address waits for one job of each other address, however many of them wait", async () => {
  const queue = await busy();
  for (let job = 0; job < 20; job += 1) queue.enter("flood", of("a", `n${job}`));
  await queue.run(5);
  queue.enter("b1", of("b"));
  queue.enter("b2", of("b"));
  queue.enter("c", of("c"));
  expect(await queue.run(6)).toEqual(["b1", "c", "flood", "b2", "flood", "flood"]);
});

test("a name waits for one job of each other name of its address", async () => {
  const queue = await busy();
  for (let job = 0; job < 20; job += 1) queue.enter("flood", of("a", "jane"));
  await queue.run(5);
  queue.enter("john", of("a", "john"));
  expect((await queue.run(2)).includes("john")).toBe(true);
});

test("an address that always has a job waiting gets no more than its share", async () => {
  const queue = await busy();
  const order: string[] = [];
  for (let job = 0; job < 4; job += 1) queue.enter("b", of("b"));
  for (let round = 0; round < 8; round += 1) {
    queue.enter("a", of("a"));
    order.push(...(await queue.run(1)));
  }
  expect(order.filter((label) => label === "b")).toHaveLength(4);
});

test("a full queue refuses the newest job of the address and the name that have the most", async () => {
  const queue = await busy(4);
  for (const label of ["j1", "j2", "j3"]) queue.enter(label, of("a", "jane"));
  queue.enter("john", of("a", "john"));
  queue.enter("other", of("b", "jack"));
  await queue.settled();
  expect(queue.refused).toEqual(["j3 overloaded"]);
  queue.enter("j4", of("a", "jane"));
  await queue.settled();
  expect(queue.refused).toEqual(["j3 overloaded", "j4 overloaded"]);
  expect(await queue.run(5)).toEqual(["j1", "other", "john", "j2"]);
});

test("a full queue of addresses with one job each refuses the one that comes", async () => {
  const queue = await busy(2);
  for (const label of ["a", "b", "c"]) queue.enter(label, of(label));
  await queue.settled();
  expect(queue.refused).toEqual(["c overloaded"]);
});

test("known senders have a lane of their own, which takes turns with the other one", async () => {
  const queue = await busy(4);
  for (let job = 0; job < 4; job += 1) queue.enter("flood", of("a", `n${job}`));
  for (const label of ["k1", "k2"]) queue.enter(label, of("a", "jane", { known: true }));
  await queue.settled();
  expect(queue.refused).toEqual([]);
  expect(await queue.run(6)).toEqual(["k1", "flood", "k2", "flood", "flood", "flood"]);
});

test("a job that leaves makes room, and does not begin", async () => {
  const queue = await busy(2);
  const left = new AbortController();
  queue.enter("gone", of("a", "jane", { signal: left.signal }));
  queue.enter("stays", of("a", "jane"));
  left.abort(new Error("left"));
  queue.enter("later", of("a", "jane"));
  expect(await queue.run(3)).toEqual(["stays", "later"]);
  expect(queue.refused).toEqual(["gone left"]);
});
