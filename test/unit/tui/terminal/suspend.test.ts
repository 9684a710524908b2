import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openJob, setRawAgain } from "../../../../src/tui/terminal/suspend.ts";

/** A job whose calls are recorded. `kill` is called when it stops itself. */
function start(kill: () => void = () => {}, patience = 60_000) {
  const calls: string[] = [];
  const listeners = new Set<() => void>();
  let backAgain = () => {};
  const isBack = new Promise<void>((resolve) => (backAgain = resolve));
  const job = openJob({
    signals: {
      pid: 7,
      on: (_, listener) => listeners.add(listener),
      off: (_, listener) => listeners.delete(listener),
      removeAllListeners: (signal) => calls.push(`no ${signal}`),
      kill(pid, signal) {
        calls.push(`${signal} ${pid}`);
        kill();
      },
    },
    leave: () => calls.push("leave"),
    back() {
      calls.push("back");
      backAgain();
    },
    again: () => calls.push("again"),
    patience,
  });
  const carryOn = () => listeners.forEach((listener) => listener());
  return { job, calls, isBack, carryOn, listeners };
}

describe("Ctrl-Z", () => {
  it("leaves the terminal, stops the process group, and comes back once", async () => {
    const { job, calls, carryOn } = start();
    job.suspend();
    expect(calls).toEqual(["leave", "SIGTSTP 0"]);
    carryOn();
    carryOn();
    await turn();
    // Setting a mode in the background stopped the process once more (openai/codex#37088).
    carryOn();
    await turn();
    expect(calls).toEqual(["leave", "SIGTSTP 0", "back"]);
  });

  it("comes back after a time if the process did not stop", async () => {
    const { job, calls, isBack } = start(() => {}, 1);
    job.suspend();
    await isBack;
    expect(calls).toEqual(["leave", "SIGTSTP 0", "back"]);
  });

  it("comes back where SIGTSTP is not supported", async () => {
    const { job, calls, isBack } = start(() => {
      throw new Error("ENOSYS");
    });
    job.suspend();
    await isBack;
    expect(calls.at(-1)).toBe("back");
  });

  it("takes nothing back from the shell if the process is told to end, and lets no exit stop it", async () => {
    const { job, calls, carryOn, listeners } = start();
    job.suspend();
    carryOn();
    job.close();
    await turn();
    job.exit();
    expect(calls).toEqual(["leave", "SIGTSTP 0", "no SIGTERM", "SIGTERM 7"]);
    expect(listeners.size).toBe(0);
  });
});

describe("a process that another one stopped", () => {
  // anthropics/claude-code#88249
  it("takes the terminal again", async () => {
    const { job, calls, carryOn } = start();
    carryOn();
    await turn();
    job.close();
    job.exit();
    expect(calls).toEqual(["again"]);
  });

  it("sets raw mode twice, since Node sets no mode that it has set, and only if it was on", () => {
    const modes: boolean[] = [];
    const setRawMode = (on: boolean) => modes.push(on) as never;
    setRawAgain({ isRaw: false, setRawMode });
    setRawAgain({ isRaw: true, setRawMode });
    expect(modes).toEqual([false, true]);
  });
});
