// What the kernel counts: CPU of programs and of the whole machine. Linux: proc(5). Times in milliseconds.
import { readFileSync, readdirSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

export const isLinux = process.platform === "linux";
const TICK_MS = 10;

const readOrEmpty = (/** @type {string} */ path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** The fields of /proc/PID/stat from the third on, which follow the name in parentheses. */
function statOf(/** @type {string | number} */ pid) {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  return text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
}

/** CPU of the threads that live now, to the nanosecond. /proc/PID/schedstat has the main thread only. */
const threadsOf = (/** @type {string | number} */ pid) => {
  let sum = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`))
      sum += Number(readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]) / 1e6;
  } catch {
    // It ended.
  }
  return sum;
};

/**
 * Begins to count the CPU of all threads of a process; call the result to end. A thread that ended meanwhile is missing
 * in the threads' sum, but not in the process's own, which is in hundredths of a second, rounded down twice.
 * @param {number} pid
 * @returns {() => number}
 */
export function countCpu(pid) {
  const ticks = () => {
    const [user = 0, system = 0] = statOf(pid).slice(11, 13);
    return (user + system) * TICK_MS;
  };
  const before = { threads: threadsOf(pid), ticks: ticks() };
  return () => Math.max(threadsOf(pid) - before.threads, ticks() - before.ticks - 2 * TICK_MS);
}

/** CPU of a process and its descendants, with those that ended and were waited for. */
export function familyCpu(/** @type {number} */ root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  /** @type {Map<number, number>} */
  const waitedFor = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    const [pid, parent = 0, user = 0, system = 0] = [Number(name), fields[1], ...fields.slice(13, 15)];
    children.set(parent, [...(children.get(parent) ?? []), pid]);
    waitedFor.set(pid, (user + system) * TICK_MS);
  }
  const sum = (/** @type {number} */ pid) => {
    let total = threadsOf(pid) + (waitedFor.get(pid) ?? 0);
    for (const child of children.get(pid) ?? []) total += sum(child);
    return total;
  };
  return sum(root);
}

/** CPU that the machine spent on programs, and that it was refused by its host. Interrupts are left out: ours cause most. */
function busy() {
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = readFileSync("/proc/stat", "utf8")
    .slice(5, 200)
    .split("\n", 1)
    .join()
    .trim()
    .split(" ")
    .map(Number);
  return (user + nice + system + steal) * TICK_MS;
}

/**
 * Begins to watch the rest of the machine; call the result to end. It resolves to the cores that programs used which
 * this one did not start: 0.3 is 300 ms in a second. NaN where the kernel does not say.
 * @returns {() => number}
 */
export function watchOthers() {
  if (!isLinux) return () => NaN;
  const look = () => ({ busy: busy(), ours: familyCpu(process.pid), at: performance.now() });
  const before = look();
  return () => {
    const after = look();
    return (after.busy - before.busy - (after.ours - before.ours)) / (after.at - before.at);
  };
}

/** Memory of a process that is in RAM, in KiB. */
export const residentKib = (/** @type {number} */ pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readOrEmpty(`/proc/${pid}/status`))?.[1]);

export const machine = () => ({
  processor: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memoryGib: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
  load: loadavg().map((load) => Number(load.toFixed(2))),
});
