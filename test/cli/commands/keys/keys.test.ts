import { afterAll, beforeAll, expect, test } from "vitest";
import { isApiKey } from "../../../../src/protocol/api-key.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";
import { openTestServer, type TestServer } from "../../../support/test-server.ts";

let server: TestServer;
let home: Home;
let token: string;
beforeAll(async () => {
  [server, home] = await Promise.all([openTestServer(), makeHome()]);
  token = await server.token("jane");
});
afterAll(() => Promise.all([server.close(), home.remove()]));

const run = (args: string[], as = token) =>
  runProgram([...args, "-s", server.url], { home, env: { AI_CHAT_TOKEN: as } });

test("a key is made, asks as AI_CHAT_TOKEN, is listed, and is ended by its name", async () => {
  const made = await run(["keys", "create", "my", "editor", "--limit", "1000/day", "--expires", "90d"]);
  expect(made).toMatchObject({ code: 0 });
  const key = made.stdout.trimEnd();
  expect(isApiKey(key)).toBe(true);
  expect(made.stderr).toMatch(
    /^my editor: 1,000 tokens a day, valid until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. It is shown only here\.\n$/,
  );
  expect(await run(["ask", "Hello?"], key)).toMatchObject({ code: 0 });
  expect(await run(["balance", "-q"], key)).toMatchObject({ code: 0, stdout: "3900\n" });
  const denied = await run(["keys", "list"], key);
  expect(denied).toMatchObject({ code: 4, stdout: "" });
  expect(denied.stderr).toContain("AI_CHAT_TOKEN is an API key. Unset it, then log in: ");
  const who = await run(["whoami"], key);
  expect(who.stdout).toContain("\nAPI key  from AI_CHAT_TOKEN\nvalid    until it expires or is ended\n");
  const change = await run(["password", "--password-stdin"], key);
  expect([change.code, change.stderr]).toEqual([4, expect.stringContaining("An API key can't change")]);
  const list = await run(["keys", "list"]);
  expect(list.stdout).toMatch(
    /^[\w-]{36} {2}my editor {2}1,000 tokens a day, 100 spent today, last used .* UTC, valid until .* UTC\n$/,
  );
  const usage = await run(["usage", "--days", "1", "--by", "key"]);
  expect(usage.stdout).toMatch(/\nmy editor: 1 question, 100 tokens\n$/);
  const [id = ""] = list.stdout.split(" ");
  expect(await run(["keys", "create", "ci", "-q"])).toMatchObject({ code: 0 });
  const completed = await runProgram(["__complete", "keys", "revoke", "-s", server.url, ""], {
    home,
    env: { AI_CHAT_TOKEN: token },
  });
  // Words of which a shell would interpret a part are completed by the ID.
  expect(completed.stdout).toBe(`words\n${id}\tmy editor\nci\t\n`);
  expect(await run(["keys", "revoke", "MY EDITOR"])).toMatchObject({ code: 0, stdout: "Ended my editor.\n" });
  expect((await run(["balance"], key)).code).toBe(4);
});

test("what is wrong about a command of keys is said before anything is sent", async () => {
  for (const [args, words] of [
    [["keys"], "needs one of: create, list, revoke"],
    [["keys", "create"], "A name is missing"],
    [["keys", "list", "--limit", "1/day"], "go with create"],
    [["keys", "create", "a", "--limit", "1/year"], "1000/day"],
    [["keys", "revoke", "nobody"], "no API key with this name"],
  ] as const) {
    const { code, stderr } = await run([...args]);
    expect([code, stderr], args.join(" ")).toEqual([2, expect.stringContaining(words)]);
  }
});
