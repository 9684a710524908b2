import { cp, lstat } from "node:fs/promises";
import { afterAll, beforeAll } from "vitest";
import { makeHome, type Home } from "./run-program.ts";

/**
 * Prepares a home before the first test of a file. Returns what makes a copy of it, for a test alone: starting programs
 * takes many times as long as copying what they made.
 */
export function prepareHome(prepare: (home: Home) => Promise<unknown>): () => Promise<Home> {
  let prepared: Home | undefined;
  beforeAll(async () => {
    prepared = await makeHome();
    await prepare(prepared);
  });
  afterAll(() => prepared?.remove());
  return async () => {
    const home = await makeHome();
    // The lock of a folder is a socket, which nobody listens on any more.
    const filter = async (path: string) => !(await lstat(path)).isSocket();
    await cp(prepared!.dir, home.dir, { recursive: true, filter });
    return home;
  };
}
