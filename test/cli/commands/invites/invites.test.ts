import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testInCopies } from "../../../support/prepared-home.ts";
import { runInside } from "../../../support/run-inside.ts";
import { runProgram, startProgram, type Home } from "../../../support/run-program.ts";

const env = { AI_CHAT_PASSWORD: "correct horse" };
const CODE = /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){2}$/;

let home: Home;
testInCopies(
  (home) => runProgram(["register", "-s", "local", "-u", "Jane"], { home, env }),
  (made) => (home = made),
  env,
);

const folder = () => join(home.dir, "data", "ai-chat", "server");
const ledger = () => readFile(join(folder(), "ledger.jsonl"), "utf8");
const invites = (...words: string[]) => runInside(["invites", ...words]);
const lines = (text: string) => text.trimEnd().split("\n");

async function startServer() {
  const args = ["serve", "--port", "0", "--registration", "invite", "--json"];
  const server = await startProgram(args, { home });
  let said = "";
  server.child.stdout?.on("data", (text: string) => (said += text));
  await server.sees("}\n");
  const { url } = JSON.parse(said) as { url: string };
  return {
    url,
    register: (name: string, ...more: string[]) => runInside(["register", "-s", url, "-u", name, ...more]),
    async stop() {
      server.child.kill("SIGTERM");
      expect((await server.ended).code).toBe(0);
    },
  };
}

test("a code that was made beside the running server registers once, and is in neither ledger nor list", async () => {
  const server = await startServer();
  const none = await server.register("joe");
  expect(none).toMatchObject({ code: 4, stdout: "" });
  expect(none.stderr).toMatch(
    /need the code of an invitation.*\n.*register -u joe --invite CODE -s http.*\n$/,
  );
  const { code: exit, stdout, stderr } = await invites("create", "--tokens", "70", "--expires", "12h");
  expect(exit).toBe(0);
  const code = stdout.trimEnd();
  expect(code).toMatch(CODE);
  expect(stderr).toMatch(
    /^Valid for 1 account with 70 tokens until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. It is shown only here\.\n$/,
  );
  const typed = code.toLowerCase().replaceAll("-", " ");
  const joe = await server.register("joe", "--invite", typed);
  expect(joe).toMatchObject({ code: 0, stderr: expect.stringContaining("with 70 tokens") });
  const jim = await server.register("jim", "--invite", code);
  expect(jim).toMatchObject({ code: 4, stderr: expect.stringContaining("not valid") });
  expect(jim.stderr).not.toContain(code);
  const list = await invites("list");
  expect(list.stdout).toMatch(/^[0-9a-f]{10} {2}used up {2}1 of 1 use, 70 tokens, until .* UTC\n$/);
  for (const text of [await ledger(), list.stdout, (await invites("list", "--json")).stdout])
    for (const secret of [code, code.replaceAll("-", "")]) expect(text).not.toContain(secret);
  await server.stop();
  expect((await runInside(["store", "check", folder()])).code).toBe(0);
});

test("codes are made, listed and revoked in the folder, in any number", async () => {
  expect(await invites("list")).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringMatching(/no invitations.*ai-chat invites create/),
  });
  expect(await ledger()).toContain('"version":1');
  const many = await invites("create", "--count", "120", "--uses", "3");
  expect(new Set(lines(many.stdout)).size).toBe(120);
  expect(many.stderr).toMatch(/written anew[^]*Valid for 3 accounts each until/);
  const listed = JSON.parse((await invites("list", "--json")).stdout) as Record<string, unknown>[];
  expect(listed).toHaveLength(120);
  expect(listed[0]).toMatchObject({ tokens: null, uses: 3, used: 0, state: "valid" });
  const days =
    (Date.parse(String(listed[0]!["expires_at"])) - Date.parse(String(listed[0]!["created_at"]))) /
    86_400_000;
  expect(days).toBeCloseTo(30, 2);

  const [code = ""] = lines(many.stdout);
  const id = String(listed[1]!["id"]);
  expect((await invites("revoke", ...code.toLowerCase().split("-"))).stdout).toMatch(
    /^Revoked [0-9a-f]{10}\.\n$/,
  );
  expect((await invites("revoke", id.toUpperCase())).stdout).toBe(`Revoked ${id}.\n`);
  expect((await invites("revoke", id)).stdout).toBe(`${id} was revoked before.\n`);
  const states = (JSON.parse((await invites("list", "--json")).stdout) as { state: string }[]).map(
    ({ state }) => state,
  );
  expect(states.filter((state) => state === "revoked")).toHaveLength(2);
  expect((await ledger()).match(/"invite_revoked"/g)).toHaveLength(2);
});

const wrong: [words: string[], why: RegExp][] = [
  [[], /invites needs one of: create, list, revoke/],
  [["make"], /does not know "make"/],
  [["create", "5"], /too many words/],
  [["list", "all"], /too many words/],
  [["revoke"], /A code or an ID is missing/],
  [["revoke", "00000-00000-00000"], /no invitation with this code or ID/],
  [["list", "--uses", "5"], /go with create/],
  [["create", "--uses", "0"], /--uses must be/],
  [["create", "--count", "1001"], /--count must be/],
  [["create", "--tokens", "-1"], /--tokens must be/],
  [["create", "--expires", "never"], /--expires must be a time like 90m, 12h or 30d/],
  [["create", "--expires", "0d"], /--expires must be/],
  [["create", "--expires", "3651d"], /--expires must be/],
  [["create", "--data", "/does/not/exist"], /There is no store in/],
  [["create", "--data", "x", "--store", "postgres://x"], /two different stores/],
];

test("invalid arguments end with exit 2 and two lines, and change nothing", async () => {
  const before = await ledger();
  for (const [words, why] of wrong) {
    const refused = await invites(...words);
    expect(refused, words.join(" ")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(why),
    });
    expect(lines(refused.stderr), words.join(" ")).toHaveLength(2);
  }
  expect(await ledger()).toBe(before);
});
