import { PRICE } from "../../crash/crash-run.js";
import { answerOf, questionOf } from "./answers.js";
import { followConversation } from "./conversation.js";

/** What happens during a question. @typedef {"away" | "command" | "resize" | "stop" | "suspend"} Trouble */

/** Longest time in ms that a server is away. */
const AWAY = 3_000;
/** Longest time in ms from a question to the trouble: longer than most answers take. */
const DURING = 400;
/** Time in ms after which a session that shows no work is taken to wait for a key. */
const QUIET = 700;
/** Longest time in ms until a question is in the conversation. */
const PATIENCE = 180_000;

const KEYS = { end: "\u0005", cut: "\u0015", suspend: "\u001a", esc: "\u001b" };
const COMMANDS = ["/balance\r", "/raw\r", "/help\r", "/usage\r", "\u0012question\u0003", "/hel\t\u0015"];

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const upTo = (/** @type {number} */ most) => Math.floor(Math.random() * (most + 1));
/** @template T @param {readonly T[]} list */
const oneOf = (list) => /** @type {T} */ (list[upTo(list.length - 1)]);

/**
 * Asks one question after the other in the session that is the shell's job, and makes trouble meanwhile. A question that came
 * back to the composer is sent again until it is in the conversation.
 * @param {ReturnType<typeof import("./shell.js").openShell>} shell
 * @param {ReturnType<typeof import("../../crash/server.js").createVictim>} victim
 * @param {string} folder of the conversations
 */
export function createAsker(shell, victim, folder) {
  const port = Number(new URL(String(victim.url)).port);
  /** @type {Record<Trouble, number>} */
  const troubles = { away: 0, command: 0, resize: 0, stop: 0, suspend: 0 };
  let again = 0;
  const conversation = followConversation(folder);

  const resize = () => shell.resize(20 + upTo(140), 6 + upTo(44));

  /** Another program may have the port for a moment. */
  const comeBack = async (tries = 10) => {
    await victim.start({ port }).catch(async (error) => {
      if (tries === 0) throw error;
      await pause(500);
      await comeBack(tries - 1);
    });
  };

  /** @type {Record<Trouble, () => Promise<void>>} */
  const acts = {
    async away() {
      await victim.end(oneOf(/** @type {const} */ (["SIGKILL", "SIGKILL", "SIGTERM"])));
      await pause(upTo(AWAY));
      await comeBack();
    },
    async command() {
      shell.type(oneOf(COMMANDS));
      await pause(100);
    },
    async resize() {
      for (let times = upTo(8); times >= 0; times--) {
        resize();
        await pause(upTo(60));
      }
    },
    async stop() {
      shell.type(KEYS.esc);
      await pause(100);
    },
    async suspend() {
      const pid = shell.job();
      const signal = oneOf([undefined, undefined, "SIGTSTP", "SIGSTOP"]);
      if (pid === undefined) throw new Error("the session has ended");
      if (signal === undefined) shell.type(KEYS.suspend);
      else process.kill(pid, signal);
      await shell.until("the stop", () => shell.isStopped(pid));
      await pause(upTo(1000));
      if (Math.random() < 0.5) resize();
      // What is typed before the terminal's modes are back would be read in those of the shell.
      await shell.resume(signal === undefined ? "\u001b[?2004h" : "");
    },
  };

  return {
    troubles,
    /** Number of questions that had to be sent again. */
    again: () => again,
    /**
     * @param {number} turn
     * @param {Trouble[]} during
     */
    async ask(turn, during) {
      if (during.includes("command")) await acts.command();
      shell.type(`${KEYS.end}${KEYS.cut}${questionOf(turn)}\r`);
      const rest = during.filter((trouble) => trouble !== "command" && trouble !== "away");
      const away = during.includes("away") ? pause(upTo(DURING)).then(acts.away) : undefined;
      for (const trouble of rest) {
        await pause(upTo(DURING));
        await acts[trouble]();
      }
      const end = Date.now() + PATIENCE;
      let quiet = Date.now();
      while (!conversation.has(turn)) {
        if (Date.now() > end)
          throw new Error(`question ${turn} is not answered:
${JSON.stringify([shell.title(), shell.recent()])}`);
        if (shell.title().startsWith("…")) quiet = Date.now();
        if (Date.now() > quiet + QUIET) {
          again += 1;
          shell.type("\r");
          quiet = Date.now();
        }
        await pause(10);
      }
      await away;
      for (const trouble of during) troubles[trouble] += 1;
    },
    /**
     * Every question is in the conversation once, with its whole answer unless it was stopped, and paid once unless it was
     * stopped before its answer began.
     * @param {number} count
     * @param {number} charges
     */
    violations(count, charges) {
      const turns = conversation.turns();
      const found = conversation.files().length === 1 ? [] : [`${conversation.files().join()} were saved`];
      if (turns.length !== count) found.push(`${turns.length} turns were saved, not ${count}`);
      const paid = turns.filter(({ tokens_deducted }) => tokens_deducted !== 0);
      if (paid.length !== charges) found.push(`${paid.length} turns say that they were paid, not ${charges}`);
      for (const [at, { question, answer, stopped, tokens_deducted }] of turns.entries()) {
        const whole = answerOf(question).join("");
        if (question !== questionOf(at + 1)) found.push(`turn ${at + 1} is ${question}`);
        if (stopped ? !whole.startsWith(answer) : answer !== whole)
          found.push(`${question} was answered ${answer}`);
        if (!stopped && tokens_deducted !== PRICE) found.push(`${question} cost ${tokens_deducted}`);
      }
      return found;
    },
    close: () => conversation.close(),
  };
}
