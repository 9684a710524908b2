import { spawnSync } from "node:child_process";
import { chown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, program, runProgram, startProgram, type Home } from "../support/run-program.ts";

const env = { AI_CHAT_PASSWORD: "correct horse" };
// A user id that belongs to no user.
const USER = 4_000_001;

let home: Home;
let dir: string;
beforeEach(async () => {
  home = await makeHome();
  dir = join(home.dir, "data", "ai-chat", "server");
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await home.remove();
});

/** Whether that user may run Node and the program: the checkout can be in a folder that only root can read. */
const runsAs = (user: number): boolean =>
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, [program, "-V"], { uid: user, gid: user, cwd: "/" }).status === 0;

describe.skipIf(process.platform === "win32")("the store of another user", () => {
  beforeEach(async () => {
    await runProgram(["register", "-s", "local", "-u", "Jane"], { home, env });
    moveInto(home);
    vi.spyOn(process, "geteuid").mockReturnValue(USER);
  });

  test.each<[string[], (dir: string) => string]>([
    [["grant", "Jane", "5"], (dir) => `ai-chat grant Jane 5 --data ${dir}`],
    [["grant", "--id", "june", "--", "Jane", "5"], (dir) => `ai-chat grant Jane 5 --id june --data ${dir}`],
    [["serve", "--port", "0"], (dir) => `ai-chat serve --data ${dir}`],
    [["store", "backup", "DIR", "DIR.backup"], (dir) => `ai-chat store backup ${dir} ${dir}.backup`],
    [["store", "copy", "DIR", "DIR-copy"], (dir) => `ai-chat store copy ${dir} ${dir}-copy`],
  ])("is refused to %j with the command for that user: exit 1", async (words, command) => {
    const args = words.map((word) => word.replace(/^DIR/, dir));
    const { code, stdout, stderr } = await runInside(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const [what, hint] = stderr.split("\n");
    expect(what).toMatch(/^ai-chat: The store in \S+ belongs to (\S+|user \d+)\.$/);
    expect(what).toContain(dir);
    expect(hint?.replace(/sudo -u \S+/, "sudo -u X")).toBe(`Use it as that user: sudo -u X ${command(dir)}`);
  });

  test("is refused to a command that would run the local server: exit 1", async () => {
    const { code, stdout, stderr } = await runInside(["balance", "-s", "local"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^ai-chat: The store in \S+ belongs to [^\n]+\.\nUse it as that user, with sudo -u \S+, or /,
    );
  });
});

/** The only note of a grant without `--id`. */
const ONLY_ID = /^The ID of this grant is \S+\.\n$/;

describe.skipIf(!runsAs(USER))("a grant by root at a server of another user", () => {
  const asUser = (...args: string[]) => runProgram(args, { home, env, user: USER });
  const owners = async () => {
    const files = await Promise.all((await readdir(dir)).map((name) => lstat(join(dir, name))));
    return new Set(files.map(({ uid }) => uid));
  };
  beforeEach(async () => {
    await chown(home.dir, USER, USER);
    await asUser("register", "-s", "local", "-u", "Jane");
  });

  test("that is stopped leaves the files to that user, whose server starts again", async () => {
    const granted = await runProgram(["grant", "Jane", "4000", "--data", dir], { home });
    expect(granted).toMatchObject({ code: 0, stderr: expect.stringMatching(ONLY_ID) });
    expect(await owners()).toEqual(new Set([USER]));
    const server = await startProgram(["serve", "--port", "0"], { home, user: USER });
    await server.sees("Ctrl-C", "stderr");
    expect((await asUser("balance", "-q", "-s", "local")).stdout).toBe("8000\n");
    const again = await runProgram(["grant", "Jane", "1", "--data", dir], { home });
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(ONLY_ID) });
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
    expect(await owners()).toEqual(new Set([USER]));
  });
});
