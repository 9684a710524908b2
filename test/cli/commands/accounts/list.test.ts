import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { moveInto, runInside } from "../../../support/run-inside.ts";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

const env = { AI_CHAT_PASSWORD: "correct horse" };

let home: Home;
beforeAll(async () => {
  home = await makeHome();
  for (const args of [
    ["register", "-s", "local", "-u", "Zoe"],
    ["register", "-s", "local", "-u", "ann"],
    ["ask", "-s", "local", "hello"],
    ["register", "-s", "local", "-u", "Bob"],
    ["grant", "bob", "5"],
  ])
    await runProgram(args, { home, env });
});
beforeEach(() => moveInto(home));
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => home.remove());

const accounts = (...args: string[]) => runInside(["accounts", ...args]);
const listed = async (...args: string[]) =>
  (JSON.parse((await accounts("list", ...args, "--json")).stdout) as { username: string }[]).map(
    ({ username }) => username,
  );

test("accounts are listed, sorted, searched and limited, with a running server and without", async () => {
  const check = async () => {
    expect(await listed()).toEqual(["ann", "Bob", "Zoe"]);
    expect(await listed("--sort", "balance")).toEqual(["Bob", "Zoe", "ann"]);
    expect(await listed("--sort", "created")).toEqual(["Bob", "ann", "Zoe"]);
    expect(await listed("--sort", "last", "--limit", "1")).toEqual(["ann"]);
    expect(await listed("--sort", "used", "--search", "O")).toEqual(["Bob", "Zoe"]);
    expect(await listed("--search", "nobody")).toEqual([]);
  };
  await check();
  const server = await startProgram(["serve", "--port", "0", "--json"], { home });
  await server.sees("}\n");
  await check();
  server.child.kill("SIGTERM");
  await server.ended;
});

test("an account is shown by its name in any case, in both forms", async () => {
  const shown = await accounts("show", "ANN", "--json");
  expect(JSON.parse(shown.stdout)).toEqual({
    username: "ann",
    tokens: 3900,
    held: 0,
    used: 100,
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    last_question_at: expect.stringMatching(/^\d{4}-.*Z$/),
    disabled: false,
    refill_due: 0,
    api_keys: 0,
  });
  const plain = await accounts("show", "ann");
  expect(plain.stdout).toMatch(/^username {10}ann\ntokens {12}3900\nheld {14}0\nused {14}100\ncreated_at /);
});

test("nothing found is said on stderr", async () => {
  const none = await accounts("list", "--search", "nobody");
  expect(none).toMatchObject({ code: 0, stdout: "", stderr: "No account has that in its name.\n" });
});

test.each([
  [["list", "all"], /too many words/],
  [["show"], /There is a word missing. It is: accounts show NAME/],
  [["show", "ann", "bob"], /too many words/],
  [["show", "nobody"], /There is no user "nobody"/],
  [["list", "--sort", "name"], /--sort must be balance, used, created or last/],
  [["list", "--limit", "0"], /--limit must be/],
  [["list", "--search", " "], /--search must be some text/],
  [["show", "ann", "--limit", "5"], /accounts show has no option --limit/],
  [["list", "--reason", "why"], /accounts list has no option --reason/],
  [["list", "--data", "/does/not/exist"], /There is no store in/],
])("%j: exit 2", async (args, why) => {
  expect(await accounts(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
});
