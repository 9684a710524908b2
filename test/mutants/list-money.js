/** @typedef {import("./list.js").Mutant} Mutant */

const questions = "test/unit/server/core/questions.test.ts";
const answers = "test/unit/server/core/answers.test.ts";
const idempotency = "test/http/idempotency.test.ts";
const contract = "test/contract/json-store.test.ts";

/** Who pays what, and for what: the core and the holds. @type {Mutant[]} */
export const moneyMutants = [
  {
    file: "src/server/core/questions.ts",
    find: "HOLD_GRACE = 10_000",
    replace: "HOLD_GRACE = 0",
    why: "A charge at the deadline finds no hold: the answer is thrown away.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "sha256(JSON.stringify([",
    replace: 'sha256("" && JSON.stringify([',
    why: "The digest of a question says nothing about it: another question under its key gets its answer.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: 'if (outcome.kind === "expired") throw',
    replace: 'if (outcome.kind === "never") throw',
    why: "An answer is given away if its hold has expired.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "error instanceof ClientGone && reachedClient",
    replace: "false",
    why: "A client that leaves in the middle of a stream pays nothing.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "error instanceof ClientGone && reachedClient",
    replace: "error instanceof ClientGone",
    why: "A client that leaves before the first delta pays.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "if (!settled) await ledger.release",
    replace: "if (false) await ledger.release",
    why: "The tokens of a question that failed stay held.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "charged: replayed ? 0 : price",
    replace: "charged: price",
    why: "The log reports a price for the free second answer of a key.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "&& chargedBefore(outcome)",
    replace: "",
    why: "A kept answer is given to whoever names its key, whatever the question.",
    tests: [questions, idempotency],
  },
  {
    file: "src/server/core/questions.ts",
    find: "if (key !== undefined && !settled)",
    replace: "if (false)",
    why: "The answer of a charge that failed stays in memory and is given for nothing.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "signal.throwIfAborted();\n    return response;",
    replace: "return response;",
    why: "A question is charged though its client left just before.",
    tests: [questions],
  },
  {
    file: "src/server/core/questions.ts",
    find: "if (stopping) throw",
    replace: "if (false) throw",
    why: "A server that is stopping takes new questions.",
    tests: [questions],
  },
  {
    file: "src/server/core/answers.ts",
    find: "return answer && answer.until > now()",
    replace: "return answer",
    why: "A kept answer outlives its day.",
    tests: [answers],
  },
  {
    file: "src/server/core/answers.ts",
    find: "kept.size <= limits.count && ",
    replace: "",
    why: "Small answers are kept without a bound on their number.",
    tests: [answers],
  },
  {
    file: "src/server/core/answers.ts",
    find: "characters -= answer.response.length",
    replace: "characters += 0",
    why: "The cache believes that it is full for ever.",
    tests: [answers],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "balance.tokens - balance.held < price",
    replace: "balance.tokens < price",
    why: "Holds are not counted: an account asks for more than it has.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "if (hold.charging) return hold.charging;",
    replace: "",
    why: "Two charges at once take the price twice.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "if (first.digest !== digest)",
    replace: "if (false)",
    why: "A key is good for any question.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: 'if (known && known.kind !== "paid") return known;',
    replace:
      'if (balance.tokens < price) return { kind: "insufficient", balance };\nif (known && known.kind !== "paid") return known;',
    why: "402 comes before 409: the client believes that its question cost nothing.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "if (hold.expires <= now())",
    replace: "if (false)",
    why: "A hold that has expired is charged.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "price: known ? 0 : price",
    replace: "price",
    why: "The second answer of a key needs tokens.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "if (paid && key) return",
    replace: "if (false) return",
    why: "The second answer of a key is charged again.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/ledger.ts",
    find: "charged?.again ?",
    replace: "false ?",
    why: "A paid key asks the AI without end.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/holds.ts",
    find: "mine.held -= hold.price;",
    replace: "",
    why: "Tokens stay held after their question.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/holds.ts",
    find: "hold.expires <= now && !hold.charging",
    replace: "hold.expires <= now",
    why: "A hold whose charge is being written frees its tokens for another question.",
    tests: ["test/unit/server/stores/json/holds.test.ts"],
  },
];
