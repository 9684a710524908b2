import { cp, lstat } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { moveInto } from "./run-inside.ts";
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

/**
 * Gives each test of a file a copy of a home that is prepared once, and the environment that the program has there
 * ({@link moveInto}). `use` gets the copy.
 */
export function testInCopies(
  prepare: (home: Home) => Promise<unknown>,
  use: (home: Home) => void,
  env: Record<string, string> = {},
): void {
  const copyHome = prepareHome(prepare);
  let home: Home;
  beforeEach(async () => {
    home = await copyHome();
    moveInto(home, env);
    use(home);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await home.remove();
  });
}
