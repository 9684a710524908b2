import { execFile } from "node:child_process";
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { openPlaces } from "../support/postgres-places.ts";
import { ask, balance, post, tokenFrom, type Server } from "../support/postgres-servers.ts";
import { noPostgres, skipped } from "../support/postgres.ts";
import {
  makeHome,
  preload,
  programEnv,
  runProgram,
  startProgram,
  type Home,
} from "../support/run-program.ts";
import { PASSWORD } from "../support/test-server.ts";
import { openRealTerminal } from "../tui/terminal/real-terminal.ts";

const run = promisify(execFile);

let folder: string;
let installed: string;
let copy: string;
let home: Home;
// `npm run package` fails if the package is too big, or lacks a licence.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ai-chat-package-"));
  // As in dist/ after a build.
  await writeFile(join(folder, "package.json"), '{ "type": "commonjs" }');
  await run(process.execPath, ["scripts/package.js", folder]);
  const place = join(folder, "place");
  await mkdir(place);
  // Without one npm would install into a folder above that has one.
  await writeFile(join(place, "package.json"), "{}");
  const tarball = join(folder, `${packageJson.name}-${packageJson.version}.tgz`);
  const cache = join(folder, "cache");
  await run("npm", ["install", "--offline", "--no-update-notifier", "--cache", cache, tarball], {
    cwd: place,
    env: { PATH: process.env.PATH, HOME: folder },
  });
  installed = join(place, "node_modules");
  copy = join(installed, ".bin", "ai-chat");
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

const env = { AI_CHAT_PASSWORD: PASSWORD };
const program = (...args: string[]) => runProgram(args, { home, copy, env });

async function serve(settings: Record<string, string> = {}): Promise<Server> {
  const running = await startProgram(["serve", "--port", "0", "--json"], { home, copy, env: settings });
  let printed = "";
  running.child.stdout?.on("data", (text: string) => (printed += text));
  await running.sees("\n");
  return { url: (JSON.parse(printed) as { url: string }).url, running };
}

/** Ends the server as an operator does. */
async function stop({ running }: Server): Promise<void> {
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
}

test("installs nothing else, runs nothing while it is installed, and has no source maps", async () => {
  expect((await readdir(installed)).filter((name) => !name.startsWith("."))).toEqual([packageJson.name]);
  const root = join(installed, packageJson.name);
  const own = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as object;
  expect(Object.keys(own).filter((field) => /scripts|dependencies/i.test(field))).toEqual([]);
  const names = await readdir(root, { recursive: true });
  expect(names).toEqual(
    expect.arrayContaining([
      "README.md",
      "LICENSE",
      join("man", "ai-chat.1"),
      join("ops", "ai-chat.service"),
      join("dist", "openapi.json"),
      join("schema", "serve.schema.json"),
    ]),
  );
  expect(names.filter((name) => name.endsWith(".map"))).toEqual([]);
});

test("has the licences of all packages that the program needs", async () => {
  const notices = await readFile(join(installed, packageJson.name, "THIRD-PARTY-NOTICES"), "utf8");
  for (const name of Object.keys(packageJson.dependencies))
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([-\\w.]+\\)$`, "m"));
  expect(notices.match(/permission is hereby granted/gi)?.length).toBeGreaterThan(100);
});

test("its command prints the version", async () => {
  const { stdout } = await run(copy, ["--version"], { env: programEnv(home) });
  expect(stdout).toBe(`${packageJson.version}\n`);
});

test("registers and asks without a server", async () => {
  expect((await program("register", "-u", "jane", "-s", "local")).code).toBe(0);
  expect(await program("ask", "-s", "local", "hello")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("This is the built-in demo"),
  });
  expect((await program("balance", "-q")).stdout).toBe("3900\n");
});

test("a stack trace names the functions", async () => {
  const { stderr } = await runProgram(["balance"], { home, copy, env: { AI_CHAT_DEBUG: "1" } });
  expect(stderr).toMatch(/^ {4}at (async )?(\w+\.)?main \(/m);
});

test("the session answers in a terminal", async () => {
  await program("register", "-u", "jane", "-s", "local");
  const session = openRealTerminal(process.execPath, [copy, "chat", "-s", "local"], {
    env: programEnv(home),
  });
  onTestFinished(() => session.end());
  await session.sees("4,000 tokens");
  session.type("hello\r");
  await session.sees("This is the built-in demo");
  await session.sees(/100 tokens · \d+ s/);
  session.type("\u0004");
  expect((await session.exited).exitCode).toBe(0);
});

test("serves from a folder, and goes on when a thread that hashes passwords dies", async () => {
  const dies = join(home.dir, "dies");
  const source = `import { existsSync, rmSync } from "node:fs";
    import { isMainThread } from "node:worker_threads";
    const random = crypto.getRandomValues.bind(crypto);
    if (!isMainThread) crypto.getRandomValues = (array) => {
      if (!existsSync(${JSON.stringify(dies)})) return random(array);
      rmSync(${JSON.stringify(dies)});
      process.exit(1);
    };`;
  const server = await serve(await preload(home, source));
  const token = await tokenFrom(server);
  await writeFile(dies, "");
  const register = () => post(server, "/api/register/", { username: "john", password: PASSWORD });
  expect((await register()).status).toBe(500);
  expect(await readdir(home.dir)).not.toContain("dies");
  expect((await register()).status).toBe(201);
  expect((await ask(server, token)).status).toBe(200);
  expect(await balance(server, token)).toEqual({ tokens: 3900, held: 0 });
  await stop(server);
});

describe.skipIf(noPostgres)(`with Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();

  test("serves from a database", async () => {
    const server = await serve({ AI_CHAT_STORE: places.place.url });
    const token = await tokenFrom(server);
    expect((await ask(server, token)).status).toBe(200);
    expect(await balance(server, token)).toEqual({ tokens: 3900, held: 0 });
    await stop(server);
  });
});
