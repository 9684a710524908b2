import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openOthersServer, type SmallServer } from "../support/others-server.ts";
import { makeHome, program, programEnv, runProgram, type Home } from "../support/run-program.ts";

let home: Home;
let server: SmallServer;
beforeAll(async () => {
  home = await makeHome();
  server = await openOthersServer();
  await runProgram(["register", "-s", server.url, "-u", "jane"], {
    home,
    env: { AI_CHAT_PASSWORD: "correct horse" },
  });
});
afterAll(async () => {
  await server.close();
  await home.remove();
});

// Only Node 20 optimizes so early; later versions print it in another form.
const isHasty = process.versions.node.startsWith("20.");

test.runIf(isHasty)("balance -q ends before the compiler optimizes anything", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--trace-wasm-compilation-times", program, "balance", "-q"],
    { env: programEnv(home) },
  );
  expect(stdout).toContain("4000\n");
  expect(stdout).toContain("using Liftoff");
  expect(stdout).not.toContain("TurboFan");
});

test("a program that is not built says so", async () => {
  const copied = join(home.dir, "copy");
  await mkdir(copied);
  await cp(dirname(program), join(copied, "bin"), { recursive: true });
  const ended = await runProgram(["config", "path"], { home, copy: join(copied, "bin", "ai-chat.js") });
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toMatch(/^ai-chat is not built yet\.\n.+\n$/);
});

test("a file of the program that is missing is an error each time it is needed", async () => {
  const source = `
    const { load } = require(${JSON.stringify(join(dirname(program), "load.js"))});
    const outcome = () => { try { load("gone.js"); return "loaded"; } catch ({ code }) { return code; } };
    console.log(outcome(), outcome());`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", source], { env: programEnv(home) });
  expect(stdout).toBe("ENOENT ENOENT\n");
});

test("an end while the program still waits is a failure", async () => {
  const preloaded = join(home.dir, "never.cjs");
  await writeFile(preloaded, "process.stdout.write = () => true;");
  const env = { NODE_OPTIONS: `--require ${preloaded}` };
  expect((await runProgram(["config", "path"], { home, env })).code).toBe(13);
});
