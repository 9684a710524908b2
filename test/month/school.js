import { deepStrictEqual } from "node:assert";
import { randomUUID } from "node:crypto";
import { Class } from "./class.js";
import { aiChat, call, document, serve } from "./programs.js";

/**
 * Where the ledger is: the options that name it, its name for `store copy`, and the words for `store check`.
 * @typedef {{ options: string[], address: string, check: string[] }} Place
 * @typedef {import("./class.js").Pupil} Pupil
 * @typedef {import("./class.js").Refill} Refill
 * @typedef {{ moves: boolean, to(day: number, time?: number): void, now(): number }} Clock
 * @typedef {Awaited<ReturnType<typeof openSchool>>} School
 */

/** The same numbers in every run. @param {number} seed */
const dice = (seed) => () => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return seed / 2 ** 32;
};

/** @param {Refill | undefined} refill */
const optionsOf = (refill) =>
  refill
    ? [
        "--refill",
        `${refill.tokens}/${refill.period}`,
        "--refill-cap",
        Number.isFinite(refill.cap) ? `${refill.cap}` : "none",
      ]
    : [];

/**
 * The servers of a class, and what pupils and operators do there. Each act is compared with the arithmetic, and throws if it
 * differs.
 * @param {{ clock: Clock, place: Place, older?: string }} asked `older`: the folder of a build that starts
 */
export async function openSchool({ clock, place, older }) {
  const random = dice(7);
  const all = new Class();
  let servers = [await serve(place.options, [], older)];
  /** @type {Refill | undefined} */
  let refill;
  let questions = 0;

  const isDatabase = () => place.options[0] === "--store";
  const operate = (/** @type {string[]} */ ...argv) => document(...argv, ...place.options);
  const stop = () => Promise.all(servers.map((server) => server.stop()));

  function anyServer() {
    const server = servers[Math.floor(random() * servers.length)];
    if (!server) throw new Error("No server runs.");
    return server;
  }
  /** Ends all servers, and starts one on a folder, two on a database. */
  async function restart() {
    await stop();
    servers = [await serve(place.options, optionsOf(refill))];
    if (isDatabase()) servers.push(await serve(place.options, optionsOf(refill)));
  }
  /** @param {Pupil} pupil */
  async function logIn(pupil) {
    const { name: username, password } = pupil;
    const { body } = await call(anyServer().url, "login", { body: { username, password } });
    pupil.token = String(body.token);
  }
  /** @param {Pupil} pupil @param {string} key @param {{ url: string }} [server] */
  const send = (pupil, key, { url } = anyServer()) =>
    call(url, "chat", { token: pupil.token, body: { message: "Why is the sky blue?" }, key });

  /** @param {Pupil} pupil */
  async function ask(pupil) {
    const server = anyServer();
    if (server.refills) all.use(pupil, clock.now());
    const paid = all.charge(pupil);
    const key = randomUUID();
    const reply = await send(pupil, key, server);
    deepStrictEqual(reply.status, paid ? 200 : 402, `question of ${pupil.name}`);
    if (!paid) return;
    deepStrictEqual(reply.headers.get("tokens-remaining"), `${pupil.tokens}`, `rest of ${pupil.name}`);
    questions += 1;
    if (random() < 0.2) deepStrictEqual((await send(pupil, key, server)).status, 200, "repeated question");
  }
  /** Three questions at once. @param {Pupil} pupil */
  async function askAtOnce(pupil) {
    all.use(pupil, clock.now());
    const must = [1, 2, 3].map(() => (all.charge(pupil) ? 200 : 402));
    const replies = await Promise.all(must.map(() => send(pupil, randomUUID())));
    const statuses = replies.map(({ status }) => status).toSorted((one, other) => one - other);
    deepStrictEqual(statuses, must, `questions at once of ${pupil.name}`);
    questions += must.filter((status) => status === 200).length;
    await balance(pupil);
  }
  /** @param {Pupil} pupil */
  async function balanceOf(pupil) {
    const { body } = await call(anyServer().url, "token_balance", { token: pupil.token });
    return Number(body.tokens);
  }
  /** @param {Pupil} pupil */
  async function balance(pupil) {
    all.use(pupil, clock.now());
    deepStrictEqual(await balanceOf(pupil), pupil.tokens, `balance of ${pupil.name}`);
  }

  return {
    all,
    clock,
    random,
    operate,
    stop,
    restart,
    logIn,
    send,
    ask,
    askAtOnce,
    balanceOf,
    balance,
    isDatabase,
    /** Ends the first server with SIGKILL. */
    kill: () => servers[0]?.kill(),
    questions: () => questions,
    store: () => ({ all, store: place.options, check: place.check }),
    /** @param {number} count */
    async invite(count) {
      const argv = ["invites", "create", "--count", `${count}`, "--json", ...place.options];
      const list = JSON.parse(await aiChat(argv, "", older));
      return list.map((/** @type {{ code: string }} */ { code }) => code);
    },
    /** @param {string} name @param {string} invite */
    async register(name, invite) {
      const password = `password of ${name} ${randomUUID()}`;
      const reply = await call(anyServer().url, "register", { body: { username: name, password, invite } });
      deepStrictEqual(reply.status, 201, `registration of ${name}`);
      await logIn(all.join({ name, password, token: "", at: clock.now() }));
    },
    /** From the next period on. @param {Refill | undefined} next */
    async setRefill(next) {
      refill = next;
      await restart();
      all.setRefill(refill, clock.now());
    },
    /** Our build takes the place of the older one; on a database, both serve until the next restart. @param {Refill} next */
    async upgrade(next) {
      const both = older !== undefined && isDatabase();
      older = undefined;
      if (!both) return this.setRefill(next);
      refill = next;
      servers.push(await serve(place.options, optionsOf(refill)));
      all.setRefill(refill, clock.now());
    },
    /** @param {Place} to */
    async move(to) {
      await stop();
      await aiChat(["store", "copy", place.address, to.address]);
      place = to;
      await restart();
    },
  };
}
