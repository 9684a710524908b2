// Times to start: the client's commands beside an empty Node program, with only PATH and HOME set, and the server with
// few and many accounts.
//   npm run bench -- start server-start
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startChatServer } from "./support/chat-server.js";
import { newFolder } from "./support/endings.js";
import { folderWith } from "./support/folder.js";
import { OURS, startServer, startUpstream } from "./support/programs.js";
import { inRounds } from "./support/rounds.js";
import { openSession } from "./support/session.js";

/** Milliseconds that a Node program takes in this environment. */
const run = (/** @type {string[]} */ argv, /** @type {NodeJS.ProcessEnv} */ env) => async () => {
  const begun = performance.now();
  const child = spawn(process.execPath, argv, {
    stdio: ["ignore", "pipe", "inherit"],
    env,
  });
  child.stdout.resume();
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}`);
  return { ms: performance.now() - begun };
};

const COMMANDS = { "--version": "≤ 1.6", "config path": "≤ 2.0", "balance -q": "≤ 3.3" };
const SESSION = "first frame of the session that takes keys";

/** @type {import("./run.js").Measure} */
export async function start({ report, older }) {
  const server = await startChatServer(() => {});
  const home = newFolder();
  // For compiled code, as any home has it.
  mkdirSync(join(home, ".cache"));
  const env = { PATH: process.env.PATH ?? "", HOME: home };
  const loggedIn = { ...env, AI_CHAT_TOKEN: "bench" };
  const open = (/** @type {string} */ root) =>
    openSession(home, ["-s", server.url, "--no-save"], {
      root,
      env: { ...loggedIn, TERM: "xterm-256color" },
    });
  /** Compiled code is kept when a program ends by itself. */
  const leaveOne = async (/** @type {string} */ root) => {
    const session = open(root);
    await session.sees("\u001b[?2026h");
    await session.leave();
  };
  /** The first frame has a key that was typed before: the terminal keeps it. */
  const firstFrame = (/** @type {string} */ root) => async () => {
    const begun = performance.now();
    const session = open(root);
    session.write("q");
    await session.sees("\u001b[?2026h");
    await session.sees("q\r\n");
    const ms = performance.now() - begun;
    await session.kill();
    return { ms };
  };
  /** @param {string} root @param {string} suffix */
  const commandsOf = (root, suffix) => ({
    ...Object.fromEntries(
      Object.keys(COMMANDS).map((name) => {
        const asks = name.startsWith("balance");
        const argv = [join(root, "bin/ai-chat.js"), ...name.split(" "), ...(asks ? ["-s", server.url] : [])];
        return [name + suffix, run(argv, asks ? loggedIn : env)];
      }),
    ),
    [SESSION + suffix]: firstFrame(root),
  });
  const contenders = {
    empty: run(["-e", "0"], env),
    ...commandsOf(OURS, ""),
    ...(older ? commandsOf(older.root, " then") : {}),
  };
  for (const root of older ? [OURS, older.root] : [OURS]) await leaveOne(root);
  const rounds = await inRounds(contenders, { rounds: 15, warmUp: 1, seconds: 90 });
  const beside = (/** @type {string} */ a, /** @type {string} */ b) => (/** @type {any} */ round) =>
    round[a].ms / round[b].ms;
  for (const [command, goal] of Object.entries({ ...COMMANDS, [SESSION]: "≤ 6.5" })) {
    const name = command === SESSION ? command : `\`ai-chat ${command}\``;
    report.add({ name, beside: "`node -e 0`", goal }, rounds, beside(command, "empty"));
    if (older) report.add({ name, beside: older.name }, rounds, beside(command, `${command} then`));
  }
}

/** @type {import("./run.js").Measure} */
export async function serverStart({ report }) {
  const upstream = await startUpstream();
  /** Milliseconds from the start of the process to its address; the ledger alone if the checkpoint goes before. */
  const startOn = (/** @type {string} */ data, /** @type {boolean} */ withCheckpoint) => async () => {
    const checkpoint = join(data, "accounts.json");
    if (!withCheckpoint) rmSync(checkpoint);
    else if (!existsSync(checkpoint)) throw new Error(`There is no ${checkpoint}.`);
    const begun = performance.now();
    const server = await startServer(upstream.url, { data });
    const ms = performance.now() - begun;
    await server.stop();
    return { ms };
  };
  const [few, many] = [await folderWith(10), await folderWith(100_000)];
  for (const data of [few, many]) await (await startServer(upstream.url, { data })).stop();
  const rounds = await inRounds(
    { few: startOn(few, true), many: startOn(many, true), ledger: startOn(many, false) },
    { seconds: 90 },
  );
  const beside = "10 accounts";
  report.add({ name: "start of the server, 100,000 accounts", beside }, rounds, (r) => r.many.ms / r.few.ms);
  report.add(
    { name: "start of the server, 100,000 accounts, without their checkpoint", beside },
    rounds,
    (r) => r.ledger.ms / r.few.ms,
  );
}
