import type { AccountId } from "../../core/ports.ts";
import type { Database, Outcome } from "./database.ts";
import { createLanes, overloaded, sum, type Waiting } from "./lanes.ts";
import { sendGroup, sendTogether, type RowCall, type WaitingCall } from "./row-calls.ts";

/** Like `Database.run`, for one row. */
export type RunRow = <Row>(call: RowCall) => Promise<Outcome<Row>>;

interface Queue {
  /** The statement that the next one waits for. */
  running: symbol | undefined;
  planned: boolean;
  waiting: WaitingCall[];
}

/** Most rows of a statement. They keep their accounts locked until it is committed. */
const MOST = 200;

/** Milliseconds after which a statement without a response delays no others. */
const SLOW = 100;

/** Most rows that wait for their statement; more are refused at once. */
const QUEUE = 2_000;

/**
 * Sends rows that wait at the same moment in one statement. It leaves out the accounts that are locked, so that it neither
 * waits nor takes part in a deadlock; their rows go in another statement for each account, which waits. If a statement of
 * several accounts fails, its rows go the same way.
 *
 * An account has one statement at a time, so that a server does not lock out itself. A row that waited `wait` ms for the
 * end of its account's statement is refused with `overloaded`. Accounts with a statement of their own leave two of the
 * `connections` to the others, if there are four; but not after a lost response, when all of them try until the database
 * is back.
 */
export function createGather(
  { run }: Pick<Database, "run">,
  { wait, connections }: { wait: number; connections: number },
): RunRow & Waiting {
  const lanes = createLanes(Math.max(2, connections - 2), wait);
  const runInLane: Database["run"] = (...statement) => lanes("", () => run(...statement));
  const queues = new Map<string, Queue>();
  /** The accounts that have a statement, and what to do when it has ended. */
  const busy = new Map<AccountId, Set<() => void>>();

  function add(call: WaitingCall): void {
    const queue = queues.get(call.sql) ?? { running: undefined, planned: false, waiting: [] };
    queues.set(call.sql, queue);
    if (queue.waiting.length >= QUEUE) return call.reject(overloaded());
    queue.waiting.push(call);
    plan(queue);
  }

  function plan(queue: Queue): void {
    if (queue.running || queue.planned || queue.waiting.length === 0) return;
    queue.planned = true;
    // Rows that come in this turn of the event loop go together.
    setImmediate(() => {
      queue.planned = false;
      const calls = takeFree(queue);
      if (calls.length > 0) void send(queue, calls);
    });
  }

  /** Takes the rows whose account has no statement, and gives them one. */
  function takeFree(queue: Queue): WaitingCall[] {
    const taken: WaitingCall[] = [];
    const left: WaitingCall[] = [];
    for (const call of queue.waiting) {
      const after = busy.get(call.account);
      if (after) addLater(call, after);
      else (taken.length < MOST ? taken : left).push(call);
    }
    queue.waiting = left;
    for (const { account } of taken) busy.set(account, new Set());
    return taken;
  }

  function addLater(call: WaitingCall, after: Set<() => void>): void {
    const goOn = () => {
      clearTimeout(timer);
      add(call);
    };
    const timer = setTimeout(() => {
      after.delete(goOn);
      call.reject(overloaded());
    }, wait);
    after.add(goOn);
  }

  function free(account: AccountId): void {
    const after = busy.get(account) ?? [];
    busy.delete(account);
    for (const goOn of after) goOn();
  }

  async function send(queue: Queue, calls: WaitingCall[]): Promise<void> {
    const statement = Symbol("statement");
    queue.running = statement;
    const next = () => {
      if (queue.running !== statement) return;
      queue.running = undefined;
      plan(queue);
    };
    const slow = setTimeout(next, SLOW);
    const { left, lost } = await sendTogether({ run }, calls);
    clearTimeout(slow);
    const groups = byAccount(left);
    const own = { run: lost ? run : runInLane };
    for (const account of byAccount(calls).keys()) if (!groups.has(account)) free(account);
    for (const [account, group] of groups) void sendGroup(own, group, lost).finally(() => free(account));
    next();
  }

  const runRow = <Row>(call: RowCall) =>
    new Promise<Outcome<Row>>((resolve, reject) => {
      add({ ...call, resolve, reject });
    });

  const waiting = () =>
    sum([...queues.values()].map((queue) => queue.waiting.length)) +
    sum([...busy.values()].map((after) => after.size)) +
    lanes.waiting();
  return Object.assign(runRow, { waiting });
}

function byAccount(calls: WaitingCall[]): Map<AccountId, WaitingCall[]> {
  const groups = new Map<AccountId, WaitingCall[]>();
  for (const call of calls) {
    const group = groups.get(call.account);
    if (group) group.push(call);
    else groups.set(call.account, [call]);
  }
  return groups;
}
