import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { commands } from "../../src/cli/argv/commands.ts";
import { watchLoading } from "../support/loaded.ts";
import {
  makeHome,
  program,
  programEnv,
  runProgram,
  startProgram,
  type Home,
  type Running,
} from "../support/run-program.ts";
import { PASSWORD } from "../support/test-server.ts";
import { openRealTerminal } from "../tui/terminal/real-terminal.ts";

// What a command loads is counted, because it is most of the time that a short command takes, and time is not the same
// on each machine.

interface Row {
  /** FOLDER is the data folder of the server, NAME who is logged in there. */
  args: string[];
  /** What is run before, uncounted. */
  before?: string[];
  /** All packages of the files that it loads, or the most that it may load. */
  packages: string[] | number;
  /** Most files of the program: each costs about half a millisecond. */
  files: number;
  /** Most bytes of those files, in kB: a package can be loaded in part or whole. */
  kilobytes: number;
  /** Most openings of other files. */
  opened: number;
  /** What it loads of the parts of Node that take longest to load. */
  ofNode?: string[];
  stdin?: string;
  /** What it prints when it is ready; it is then ended with SIGTERM. */
  until?: string;
}

const always = ["commander", "env-paths", "is-safe-filename"];
const http = [...always, "eventsource-parser", "undici"];
const conf = (
  "ajv ajv-formats atomically conf debounce-fn dot-prop fast-deep-equal fast-uri graceful-fs " +
  "json-schema-traverse mimic-function proper-lockfile retry semver signal-exit stubborn-fs stubborn-utils uint8array-extras when-exit"
).split(" ");
const NEW = "a battery staple";

const rows: Record<string, Row> = {
  chat: {
    args: ["chat", "--plain"],
    packages: 28,
    files: 30,
    kilobytes: 1137,
    opened: 18,
    ofNode: ["crypto"],
  },
  ask: { args: ["ask", "hello"], packages: http, files: 12, kilobytes: 648, opened: 10, ofNode: ["crypto"] },
  register: {
    args: ["register", "-u", "john"],
    packages: [...http, ...conf],
    files: 15,
    kilobytes: 926,
    opened: 16,
    ofNode: ["crypto"],
  },
  login: {
    args: ["login", "-u", "NAME"],
    packages: [...http, ...conf],
    files: 15,
    kilobytes: 924,
    opened: 15,
    ofNode: ["crypto"],
  },
  logout: {
    args: ["logout"],
    packages: [...http, ...conf],
    files: 12,
    kilobytes: 916,
    opened: 11,
    ofNode: ["crypto"],
  },
  password: {
    args: ["password", "--password-stdin"],
    stdin: `${PASSWORD}\n${NEW}\n`,
    packages: [...http, ...conf],
    files: 14,
    kilobytes: 926,
    opened: 15,
    ofNode: ["crypto"],
  },
  whoami: { args: ["whoami"], packages: http, files: 8, kilobytes: 574, opened: 6 },
  balance: { args: ["balance", "-q"], packages: http, files: 8, kilobytes: 574, opened: 6 },
  usage: { args: ["usage"], packages: http, files: 9, kilobytes: 576, opened: 6 },
  keys: {
    args: ["keys", "list"],
    // The first time it keeps what the server offers.
    before: ["keys", "list"],
    packages: http,
    files: 9,
    kilobytes: 577,
    opened: 7,
  },
  servers: { args: ["servers"], packages: http, files: 8, kilobytes: 575, opened: 6 },
  conversations: {
    args: ["conversations", "list"],
    before: ["ask", "--save", "hello"],
    packages: always,
    files: 6,
    kilobytes: 274,
    opened: 4,
  },
  config: { args: ["config", "path"], packages: always, files: 4, kilobytes: 227, opened: 3 },
  doctor: { args: ["doctor"], packages: http, files: 16, kilobytes: 612, opened: 17 },
  completion: { args: ["completion", "bash"], packages: always, files: 5, kilobytes: 227, opened: 2 },
  serve: {
    args: ["serve", "--port", "0", "--json"],
    until: "\n",
    packages: 105,
    files: 51,
    kilobytes: 2662,
    opened: 25,
    ofNode: ["child_process", "crypto", "http", "worker_threads", "zlib"],
  },
  accounts: {
    args: ["accounts", "list", "--data", "FOLDER"],
    packages: [...always, "lowdb", "zod"],
    files: 34,
    kilobytes: 657,
    opened: 9,
    ofNode: ["crypto", "zlib"],
  },
  ledger: {
    args: ["ledger", "NAME", "--data", "FOLDER"],
    packages: [...always, "lowdb", "zod"],
    files: 37,
    kilobytes: 670,
    opened: 9,
    ofNode: ["crypto", "zlib"],
  },
  report: {
    args: ["report", "--data", "FOLDER"],
    packages: [...always, "lowdb", "zod"],
    files: 37,
    kilobytes: 669,
    opened: 9,
    ofNode: ["crypto", "zlib"],
  },
  grant: {
    args: ["grant", "NAME", "100", "--data", "FOLDER"],
    packages: [...always, "lowdb", "zod"],
    files: 41,
    kilobytes: 712,
    opened: 8,
    ofNode: ["crypto", "zlib"],
  },
  take: {
    args: ["take", "NAME", "100", "--reason", "x", "--yes", "--data", "FOLDER"],
    packages: [...always, "lowdb", "zod"],
    files: 43,
    kilobytes: 713,
    opened: 9,
    ofNode: ["crypto", "zlib"],
  },
  invites: {
    args: ["invites", "create", "--data", "FOLDER"],
    packages: [...always, "lowdb", "zod"],
    files: 37,
    kilobytes: 695,
    opened: 9,
    ofNode: ["crypto", "zlib"],
  },
  store: {
    args: ["store", "check", "FOLDER"],
    packages: [...always, "lowdb"],
    files: 21,
    kilobytes: 327,
    opened: 6,
    ofNode: ["crypto", "zlib"],
  },
};

const heavy = ["child_process", "crypto", "http", "http2", "https", "tls", "worker_threads", "zlib"];

const env = { AI_CHAT_PASSWORD: PASSWORD };

let ours: Home;
let folder: string;
let server: Running;
let url: string;
beforeAll(async () => {
  ours = await makeHome();
  folder = join(ours.dir, "folder");
  server = await startProgram(["serve", "--port", "0", "--data", folder, "--json"], { home: ours });
  let printed = "";
  server.child.stdout?.on("data", (text: string) => (printed += text));
  await server.sees("\n");
  ({ url } = JSON.parse(printed) as { url: string });
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.ended;
  await ours.remove();
});

/** A home in which `name` is logged in, and what a program loads that runs there. */
async function watchedHome(name: string, before?: string[]) {
  const home = await makeHome();
  onTestFinished(() => home.remove());
  for (const args of [["register", "-s", url, "-u", name], ...(before ? [before] : [])])
    expect(await runProgram(args, { home, env })).toMatchObject({ code: 0 });
  return { home, ...(await watchLoading(home)) };
}

async function loadedBy(name: string, { args, before, stdin, until }: Row) {
  const { home, env: watching, loaded } = await watchedHome(name, before);
  const words = new Map([
    ["FOLDER", folder],
    ["NAME", name],
  ]);
  const running = await startProgram(
    args.map((word) => words.get(word) ?? word),
    stdin === undefined
      ? { home, env: { ...env, ...watching } }
      : { home, env: watching, stdin: { pipe: stdin } },
  );
  if (until !== undefined) {
    await running.sees(until);
    running.child.kill("SIGTERM");
  }
  expect(await running.ended).toMatchObject({ code: 0 });
  return loaded();
}

describe("what a command loads", () => {
  test("each command has its row", () => {
    expect(Object.keys(rows)).toEqual([...commands.keys()]);
  });

  test.each(Object.entries(rows))("%s", async (name, row) => {
    const loaded = await loadedBy(`of-${name}`, row);
    const { packages } = row;
    const isMost = typeof packages === "number";
    expect(loaded.packages).toEqual(isMost ? loaded.packages : packages.toSorted());
    expect(loaded.packages.length).toBeLessThanOrEqual(isMost ? packages : packages.length);
    // Only --metrics loads it.
    expect(loaded.packages).not.toContain("prom-client");
    expect(loaded.files).toBeLessThanOrEqual(row.files);
    expect(loaded.bytes / 1000).toBeGreaterThan(100);
    expect(loaded.bytes / 1000).toBeLessThanOrEqual(row.kilobytes);
    expect(loaded.opened.length, loaded.opened.join("\n")).toBeLessThanOrEqual(row.opened);
    expect(loaded.ofNode).toContain("fs");
    expect(loaded.ofNode.filter((name) => heavy.includes(name)).toSorted()).toEqual(row.ofNode ?? []);
  });

  test("the drawn session", async () => {
    const { home, env, loaded } = await watchedHome("drawn");
    const session = openRealTerminal(process.execPath, [program], { env: programEnv(home, env) });
    onTestFinished(() => session.end());
    await session.sees("4,000");
    session.type("\u0004");
    await session.exited;
    const { packages, files, bytes, opened, ofNode } = await loaded();
    expect(packages).toEqual(expect.arrayContaining(["ink", "marked", "react"]));
    expect(packages.length).toBeLessThanOrEqual(62);
    expect(files).toBeLessThanOrEqual(38);
    expect(bytes / 1000).toBeLessThanOrEqual(2175);
    expect(opened.length, opened.join("\n")).toBeLessThanOrEqual(20);
    expect(opened.filter((file) => file.endsWith("keys.json"))).toEqual([]);
    expect(ofNode.filter((name) => heavy.includes(name))).toEqual(["crypto"]);
  });

  test("--version loads nothing but its own text", async () => {
    const { home, env, loaded } = await watchedHome("version");
    expect((await runProgram(["--version"], { home, env })).code).toBe(0);
    const { files, opened, ofNode } = await loaded();
    expect({ files, opened: opened.length }).toEqual({ files: 0, opened: 2 });
    expect(ofNode.filter((name) => [...heavy, "net", "stream"].includes(name))).toEqual([]);
  });
});

test.each(["--version", "-V"])("%s alone prints what it prints beside another option", async (flag) => {
  const alone = await runProgram([flag], { home: ours });
  const parsed = await runProgram([flag, "--quiet"], { home: ours });
  expect(alone).toEqual(parsed);
  expect(alone.code).toBe(0);
});

test("the version that cannot be written is reported as by the program", async () => {
  const alone = await runProgram(["--version"], { home: ours, stdoutTo: "/dev/full" });
  const parsed = await runProgram(["--version", "--quiet"], { home: ours, stdoutTo: "/dev/full" });
  expect(alone).toEqual(parsed);
  expect(alone.code).toBe(1);
});
