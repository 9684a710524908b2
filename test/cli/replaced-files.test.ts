import { afterEach, beforeEach, expect, test } from "vitest";
import { copyProgram, removeBuilt } from "../support/program-copy.ts";
import { makeHome, runProgram, startProgram, type Home } from "../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

test("a server stops as usual though its files are those of another version by then", async () => {
  const { dist, copy } = await copyProgram(home);
  const server = await startProgram(["serve", "--port", "0"], { home, copy });
  await server.sees("Ctrl-C", "stderr");
  await removeBuilt(dist, /\.js$/);
  server.child.kill("SIGTERM");
  const { code, stderr } = await server.ended;
  expect(stderr).toMatch(/Stopped after .*; 0 questions were answered\.\n$/);
  expect(code).toBe(0);
});

test("a failure that cannot be reported, because a file is gone, ends the program with exit 1", async () => {
  const { dist, copy } = await copyProgram(home);
  await removeBuilt(dist, /^report-/);
  const { code, stdout, stderr } = await runProgram(["balance", "-s", "http://127.0.0.1:1"], { home, copy });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/report-\w+\.js/);
});
