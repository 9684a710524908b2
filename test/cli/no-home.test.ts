import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome, preload, runProgram, type Home } from "../support/run-program.ts";

/** What Node does without HOME for a user that the system does not know, as in a container. */
const homeless = `import os from "node:os"; os.homedir = () => { throw new Error("uv_os_homedir returned ENOENT"); };`;

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

async function run(args: string[]) {
  const env = { HOME: "", XDG_CONFIG_HOME: "", XDG_DATA_HOME: "", XDG_STATE_HOME: "" };
  return runProgram(args, { home, env: { ...env, ...(await preload(home, homeless)) } });
}

test("a server with --data needs no home folder", async () => {
  const { code, stderr } = await run(["serve", "--check", "--data", join(home.dir, "store")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("a server without --data says what to name: exit 1", async () => {
  const { code, stderr } = await run(["serve", "--check"]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    "ai-chat: There is no home folder to keep the store in.\nName a folder with --data DIR, or set HOME.\n",
  );
});
