import { execFile } from "node:child_process";
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
