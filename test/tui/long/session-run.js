import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPerson } from "../../crash/client.js";
import { PRICE, STARTING_TOKENS } from "../../crash/crash-run.js";
import { openFolder } from "../../crash/on-folder.js";
import { createVictim } from "../../crash/server.js";
import { openMoodyUpstream } from "../../crash/upstream.js";
import { leftOpen, openGauge, said } from "../../support/gauge.js";
import { answerOf } from "./answers.js";
import { createAsker } from "./asker.js";
import { openShell } from "./shell.js";

/** @typedef {import("../../support/gauge.js").Measured} Measured */
/** @typedef {import("./asker.js").Trouble} Trouble */
/** @typedef {{ measured: Measured[], troubles: Record<Trouble, number>, again: number, violations: string[] }} Report */

const program = fileURLToPath(new URL("../../../bin/ai-chat.js", import.meta.url));

/** How often there is trouble during a question. */
const SHARES = { away: 0.02, command: 0.1, resize: 0.15, stop: 0.03, suspend: 0.04 };
const CLEAR = "\u0005\u0015";

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {number} _turn @returns {Trouble[]} */
const byChance = (_turn) =>
  /** @type {[Trouble, number][]} */ (Object.entries(SHARES)).flatMap(([trouble, share]) =>
    Math.random() < share ? [trouble] : [],
  );

/**
 * One conversation in a session at a shell, with a real server that is killed and comes back at the same port, answers that
 * are stopped, and a window that changes its size. At the end every question must be in the conversation once, with its
 * whole answer unless it was stopped, and be charged once.
 * @param {{ turns: number, minutes?: number, intervals?: number, troublesOf?: (turn: number) => Trouble[], told?: (sentence: string) => void }} options
 *   the turns are spread over `minutes`, and measured `intervals` times
 * @returns {Promise<Report>}
 */
export async function sessionRun({
  turns,
  minutes = 0,
  intervals = 2,
  troublesOf = byChance,
  told = () => {},
}) {
  const home = await mkdtemp(join(tmpdir(), "ai-chat-session-"));
  const ground = await openFolder();
  const upstream = await openMoodyUpstream(answerOf);
  const victim = createVictim({ ground, upstream: upstream.url, startingTokens: STARTING_TOKENS });
  const gauge = await openGauge(home);
  /** @type {ReturnType<typeof openShell> | undefined} */
  let shell;
  /** @type {ReturnType<typeof createAsker> | undefined} */
  let asker;
  try {
    await victim.start();
    const person = createPerson(victim);
    await person.signUp();
    shell = openShell({ ...environmentOf(home), AI_CHAT_TOKEN: person.token, ...gauge.env });
    const argv = [process.execPath, ...gauge.execArgv, program, "chat", "-s", String(victim.url)];
    await shell.run(argv.join(" "), "questions left");
    const before = await gauge.measure();
    told(`before the first question: ${said(before)}`);

    asker = createAsker(shell, victim, join(home, "data/ai-chat/conversations"));
    /** @type {Measured[]} */
    const measured = [];
    const begun = Date.now();
    for (let turn = 1; turn <= turns; turn++) {
      await asker.ask(turn, troublesOf(turn));
      if (Math.floor((turn * intervals) / turns) > measured.length) {
        const now = await gauge.measure();
        measured.push(now);
        told(`${turn} turns: ${said(now)}`);
      }
      await pause(begun + (turn / turns) * minutes * 60_000 - Date.now());
    }
    const violations = await leftOpen(gauge, before);
    told(`after the last answer: ${said(await gauge.measure())}`);
    shell.type(`${CLEAR}/quit\r`);
    await shell.until("the end of the session", () => shell?.job() === undefined);
    await shell.run('echo "[code $?]"', "[code ");
    if (!shell.recent().includes("[code 0]")) violations.push(`the session ended so: ${shell.recent()}`);
    const { tokens, held } = await person.balance();
    if (held !== 0) violations.push(`${held} tokens are still held`);
    const code = await victim.end("SIGTERM");
    if (code !== 0) violations.push(`the server ended with ${code}`);
    if (!(await ground.adds())) violations.push("the store does not add up");
    const charged = (await ground.charges()).length;
    if (tokens !== STARTING_TOKENS - PRICE * charged)
      violations.push(`${tokens} tokens are left after ${charged} charges`);
    violations.push(...asker.violations(turns, charged));
    return { measured, troubles: asker.troubles, again: asker.again(), violations };
  } finally {
    shell?.close();
    asker?.close();
    gauge.close();
    await victim.end("SIGKILL");
    upstream.close();
    await ground.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {string} home */
const environmentOf = (home) => ({
  PATH: process.env.PATH ?? "",
  HOME: home,
  XDG_CONFIG_HOME: join(home, "config"),
  XDG_DATA_HOME: join(home, "data"),
  XDG_STATE_HOME: join(home, "state"),
  XDG_CACHE_HOME: join(home, "cache"),
  LANG: "C.UTF-8",
});
