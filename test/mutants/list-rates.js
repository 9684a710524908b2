/** @typedef {import("./list.js").Mutant} Mutant */

const limit = "test/unit/server/limits/limit.test.ts";
const atOnce = "test/http/at-once.test.ts";
const questions = "test/http/question-limit.test.ts";
const contract = "test/contract/json-store.test.ts";

const register = "test/http/register-limit.test.ts";

/** What a limit counts, and what it must not charge. @type {Mutant[]} */
export const rateMutants = [
  {
    file: "src/server/limits/limit.ts",
    find: "counted.consumedPoints <= now.count",
    replace: "counted.consumedPoints <= now.count + 1",
    why: "One more than the limit is allowed.",
    tests: [limit],
  },
  {
    file: "src/server/limits/limit.ts",
    find: "if (Date.now() >= ends) return;",
    replace: "",
    why: "What is given back late allows one more in the next window.",
    tests: [limit],
  },
  {
    file: "src/server/limits/limit.ts",
    find: "sha256(`${name} ${given}`)",
    replace: "`${name} ${given}`",
    why: "The database keeps what somebody typed as a name, perhaps a password, and the memory names of any length.",
    tests: [limit],
  },
  {
    file: "src/server/core/in-flight.ts",
    find: "this.#of(account) >= maxInFlight",
    replace: "this.#of(account) > maxInFlight",
    why: "An account has one question more in flight than it may.",
    tests: [atOnce],
  },
  {
    file: "src/server/core/in-flight.ts",
    find: "this.#all.size >= maxQuestions",
    replace: "false",
    why: "The server takes any number of questions at once.",
    tests: [atOnce],
  },
  {
    file: "src/server/core/sign-in.ts",
    find: "const giveBack = await registrations.take(sender.address);",
    replace: "const giveBack = async () => {};",
    why: "One address makes any number of accounts, each worth its starting tokens.",
    tests: [register],
  },
  {
    file: "src/server/core/sign-in.ts",
    find: "const giveBack = await wrongCodes.take(address);",
    replace: "const giveBack = async () => {};",
    why: "An address may try any number of codes.",
    tests: [register],
  },
  {
    file: "src/server/core/sign-in.ts",
    find: "const giveBack = await takenNames.take(address);",
    replace: "const giveBack = async () => {};",
    why: "An address learns which of any number of names are taken.",
    tests: [register],
  },
  {
    file: "src/server/register-limits.ts",
    find: "isLimited(address) ? limit.take(address) : uncounted",
    replace: "limit.take(address)",
    why: "All clients of a proxy that is not trusted share one limit.",
    tests: [register],
  },
  {
    file: "src/server/core/counted-hold.ts",
    find: 'if (outcome.kind === "limited") throw refusal;',
    replace: "",
    why: "A question beyond its limit gets no refusal.",
    tests: [questions],
  },
  {
    file: "src/server/core/counted-hold.ts",
    find: "if (request.key === undefined) throw refusal;",
    replace: "throw refusal;",
    why: "An answer that was paid for is refused because of a limit.",
    tests: [questions],
  },
  {
    file: "src/server/core/counted-hold.ts",
    find: "{ ...request, limited: true }",
    replace: "request",
    why: "A question with a key is asked and charged beyond the limit.",
    tests: [questions],
  },
  {
    file: "src/server/core/counted-hold.ts",
    find: "if (!isNew) await giveBack();",
    replace: "",
    why: "Replays and refusals use up the limit.",
    tests: [questions],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "if (!known && limited)",
    replace: "if (known && limited)",
    why: "A limited question occupies its key and is charged.",
    tests: [contract],
  },
];
