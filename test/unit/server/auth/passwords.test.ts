import { getRounds } from "bcryptjs";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { openPasswords } from "../../../../src/server/auth/passwords.ts";

const passwords = openPasswords({ cost: 4, threads: 2 });
afterAll(() => passwords.close());

describe("passwords", () => {
  test("only the right password matches a hash", async () => {
    const hash = await passwords.hash("correct horse");
    expect(hash).toMatch(/^\$2b\$04\$/);
    expect(await passwords.matches("correct horse", hash)).toBe(true);
    expect(await passwords.matches("correct horsf", hash)).toBe(false);
  });

  test("the same password gets another hash each time", async () => {
    expect(await passwords.hash("correct horse")).not.toBe(await passwords.hash("correct horse"));
  });

  test("the cost is what the operator set", async () => {
    const dearer = openPasswords({ cost: 5, threads: 1 });
    expect(getRounds(await dearer.hash("correct horse"))).toBe(5);
    await dearer.close();
  });

  test("a hash of another cost is still matched", async () => {
    const dearer = openPasswords({ cost: 5, threads: 1 });
    expect(await passwords.matches("correct horse", await dearer.hash("correct horse"))).toBe(true);
    await dearer.close();
  });

  test("hashes a password as it was sent", async () => {
    const cases: [string, string][] = [
      ["umlauts", "größer als nötig"],
      ["emoji", "🔑🔑🔑🔑🔑🔑🔑🔑"],
      ["72 bytes of UTF-8", "ü".repeat(36)],
      ["spaces at its ends", "  padded  "],
    ];
    for (const [what, password] of cases) {
      const hash = await passwords.hash(password);
      expect(await passwords.matches(password, hash), what).toBe(true);
      expect(await passwords.matches(password.trim().slice(1), hash), what).toBe(false);
    }
  });

  test("passwords that only look the same are different", async () => {
    expect(await passwords.matches("e\u0301e\u0301e\u0301e\u0301", await passwords.hash("éééé"))).toBe(false);
  });

  test("no password matches an unknown name", async () => {
    expect(await passwords.matches("correct horse", undefined)).toBe(false);
    expect(await passwords.matches("", undefined)).toBe(false);
  });

  const P = "password".repeat(9);
  test("does not match another password that bcrypt would take for the same", async () => {
    const cases: [string, string, string][] = [
      ["a 73rd byte", P, `${P}x`],
      ["a character across the 72nd byte", "p".repeat(71), `${"p".repeat(71)}ü`],
      ["a NUL and itself again", "repeated", "repeated\0repeated"],
      ["a NUL at its end", "repeated", "repeated\0"],
      ["a lone surrogate for a replacement character", "repl\uFFFDaced", "repl\uD800aced"],
    ];
    for (const [what, password, other] of cases) {
      const hash = await passwords.hash(password);
      expect(await passwords.matches(other, hash), what).toBe(false);
      await expect(passwords.hash(other), what).rejects.toThrow(RangeError);
    }
  });

  test("a password that is too long does not match the hash of the empty password", async () => {
    const hash = await passwords.hash("");
    expect(await passwords.matches("x".repeat(73), hash)).toBe(false);
  });

  test("one job more than fits into the queue is refused as overloaded, and the others are done", async () => {
    const small = openPasswords({ cost: 4, threads: 1, maxQueue: 2 });
    const jobs = Array.from({ length: 5 }, () => small.hash("correct horse"));
    const outcomes = await Promise.allSettled(jobs);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    await expect(jobs[3]).rejects.toMatchObject({ code: "overloaded", retryAfter: 1 });
    expect(await small.hash("again")).toMatch(/^\$2b\$/);
    await small.close();
  });

  test("a waiting job whose client leaves gives its place in the queue to another", async () => {
    const small = openPasswords({ cost: 4, threads: 1, maxQueue: 2 });
    const left = new AbortController();
    const begun = small.hash("correct horse");
    const waiting = [small.hash("correct horse", left), small.matches("correct horse", undefined, left)];
    await expect(small.hash("correct horse")).rejects.toMatchObject({ code: "overloaded" });
    left.abort(new Error("left"));
    const later = [small.hash("correct horse"), small.hash("correct horse")];
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(waiting[0]).rejects.toBe(left.signal.reason);
    expect(await Promise.all([begun, ...later])).toHaveLength(3);
    await small.close();
  });

  test("a job that has begun runs to its end although its client leaves, and a later one does not begin", async () => {
    const left = new AbortController();
    const begun = passwords.hash("correct horse", left);
    left.abort(new Error("left"));
    expect(await begun).toMatch(/^\$2b\$/);
    await expect(passwords.hash("correct horse", left)).rejects.toBe(left.signal.reason);
  });

  test("a broken stored hash is a failure", async () => {
    await expect(passwords.matches("correct horse", `$9x$${"x".repeat(56)}`)).rejects.toThrow("salt");
  });

  test("a thread that cannot start fails the jobs that wait for it, and the next job gets another", async () => {
    const starting = openPasswords({ cost: 4, threads: 1 });
    vi.stubEnv("NODE_OPTIONS", "--import data:text/javascript,throw(Error('no-thread'))");
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(starting.hash("correct horse")).rejects.toThrow("no-thread");
    vi.unstubAllEnvs();
    expect(await starting.hash("correct horse")).toMatch(/^\$2b\$/);
    await starting.close();
  });

  test("a drain waits for the jobs of now, and not longer than its patience", async () => {
    const busy = openPasswords({ cost: 4, threads: 1 });
    let ended = 0;
    const jobs = Array.from({ length: 3 }, () => busy.hash("correct horse").then(() => (ended += 1)));
    await busy.drain(60_000);
    expect(ended).toBe(3);
    await Promise.all(jobs);
    await busy.drain(60_000);
    const endless = openPasswords({ cost: 31, threads: 1 });
    const job = endless.hash("correct horse");
    job.catch(() => {});
    await endless.drain(1);
    await Promise.all([busy.close(), endless.close()]);
    await expect(job).rejects.toMatchObject({ code: "shutting_down" });
  });

  test("close ends waiting jobs with shutting_down, and can be called twice", async () => {
    const closing = openPasswords({ cost: 10, threads: 1 });
    const jobs = Array.from({ length: 4 }, () => closing.hash("correct horse"));
    const ended = Promise.allSettled(jobs);
    await Promise.all([closing.close(), closing.close()]);
    for (const outcome of await ended) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "shutting_down" } });
    }
    await expect(closing.hash("correct horse")).rejects.toMatchObject({ code: "shutting_down" });
  });
});
