import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call } from "../../../../src/cli/argv/call.ts";
import { store as runStore } from "../../../../src/cli/commands/store/store.ts";
import type { ClientError } from "../../../../src/client/failure.ts";
import { makeHome, runProgram, startProgram, type Home, type Running } from "../../../support/run-program.ts";

let home: Home;
let dir: string;
let server: Running;
beforeAll(async () => {
  home = await makeHome();
  dir = join(home.dir, "store");
  server = await startProgram(["serve", "--port", "0", "--data", dir, "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  const url = (await readFile(join(dir, "address"), "utf8")).trim();
  const env = { AI_CHAT_PASSWORD: "correct horse" };
  await runProgram(["register", "-s", url, "-u", "jane"], { home, env });
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.ended;
  await home.remove();
});

const store = (...words: string[]) => runProgram(["store", ...words], { home });

test("backs up the folder of a running server, and restores it beside", async () => {
  const [file, restored] = [join(home.dir, "a.backup"), join(home.dir, "restored")];
  const made = await store("backup", dir, file);
  const head = /head {5}line 2: ([0-9a-f]{8})\n/.exec(made.stdout)?.[1];
  expect(made.stdout).toMatch(
    /^Backed up \S+ as it was at [-\dT:.]+Z\.\n {2}file {5}\S+a\.backup, [\d,]+ bytes\n {2}head {5}line 2: /,
  );
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("the secret that signs logins") });
  const back = await store("restore", file, restored);
  expect(back).toMatchObject({ code: 0, stderr: expect.stringContaining(`store rotate-secret ${restored}`) });
  expect(back.stdout).toContain("Restored 1 account with 4,000 tokens, as of ");
  expect(back.stdout).toContain(`  head     line 2: ${head}\nWhat happened after that is not in it`);
  expect((await store("check", restored)).stdout).toContain(
    `2 lines, 1 account, 4,000 tokens\n  head     line 2: ${head}`,
  );

  const again = await store("backup", dir, file, "-q");
  expect(again).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("exists.\n") });
  expect(await store("restore", file, restored)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is not empty.\nName one that does not exist yet."),
  });
});

test("--no-secrets is said, and leaves no secret", async () => {
  const [file, restored] = [join(home.dir, "b.backup"), join(home.dir, "without")];
  const made = await store("backup", dir, file, "--no-secrets");
  expect(made.stderr).toContain("After a restore everybody has to log in again.");
  const back = await store("restore", file, restored, "-q");
  expect(back).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringContaining("has no signing secret"),
  });
  expect(await readdir(restored)).not.toContain("secret");
});

test("writes to stdout, and a file that another program wrote from it is restored", async () => {
  const file = join(home.dir, "c.backup");
  const made = await runProgram(["store", "backup", dir, "-"], { home, stdoutTo: file });
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("  file     stdout, ") });
  expect((await store("restore", file, join(home.dir, "from-stdout"))).code).toBe(0);
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length / 2));
  expect(await store("restore", file, join(home.dir, "from-half"))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/c\.backup is incomplete, or it was changed\.\nNothing was restored\./),
  });
});

test.each<[string[], RegExp]>([
  [["backup", "FILE", "--store", "postgres://chat@db/chat"], /pg_dump /],
  [["restore", "FILE", "DIR", "--no-secrets"], /store restore has no option --no-secrets/],
])("store %j is refused: exit 2", async (words, said) => {
  const { code, stdout, stderr } = await store(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(said);
});

test.each<[string[], RegExp]>([
  [["backup"], /takes a data folder and a file/],
  [["backup", "DIR"], /takes a data folder and a file/],
  [["restore", "FILE"], /takes a backup and a folder/],
  [["restore", "FILE", "DIR", "more"], /takes a backup and a folder/],
  [
    ["backup", "postgres://chat@db/chat", "FILE"],
    /pg_dump --format=custom --file=chat\.dump --dbname=postgres:/,
  ],
  [
    ["restore", "FILE", "postgres://chat@db/chat"],
    /pg_restore .*--dbname=postgres:\/\/chat@db\/chat chat\.dump/,
  ],
  [["backup", "postgres://chat:geheim@db/chat", "FILE"], /^(?![^]*geheim)[^]*PGPASSWORD/],
])("store %j is refused before anything is read", async (words, said) => {
  const call = {
    words,
    values: {},
    sources: {},
    program: { name: "ai-chat" },
    output: { json: false, stdout: {} },
  } as unknown as Call;
  const refusal: unknown = await runStore(call).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "usage" });
  const { message, hint } = refusal as ClientError;
  expect(`${message}\n${hint}`).toMatch(said);
});
