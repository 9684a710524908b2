/** @typedef {import("./list.js").Mutant} Mutant */

const relay = "test/unit/server/providers/receive-reply.test.ts";
const v1 = "test/http/v1/completions.test.ts";

/** Completions of OpenAI's API: what goes out before they are paid, and what a price covers. @type {Mutant[]} */
export const relayMutants = [
  {
    file: "src/server/providers/relay/relayed-chunk.ts",
    find: 'return { ...chunk, now: "", finish: named };',
    replace: "return { ...chunk, finish: named };",
    why: "The end of a relayed answer goes out before it is paid.",
    tests: [relay],
  },
  {
    file: "src/server/providers/relay/relayed-chunk.ts",
    find: 'now: "", usage: named',
    replace: "usage: named",
    why: "The usage of a relayed answer goes out before it is paid.",
    tests: [relay],
  },
  {
    file: "src/server/providers/relay/receive-reply.ts",
    find: "if (hasContent) this.#eventsHaveContent = true;",
    replace: "",
    why: "A client that leaves a relayed stream in the middle pays nothing.",
    tests: [relay],
  },
  {
    file: "src/server/providers/relay/receive-reply.ts",
    find: "this.#eventsHaveContent ? onDelta : onReasoning",
    replace: "onDelta",
    why: "A client that leaves before the text pays for the event with the role.",
    tests: [relay],
  },
  {
    file: "src/server/providers/relay/receive-reply.ts",
    find: "if (!this.#hasAnswer)\n      throw",
    replace: "if (false)\n      throw",
    why: "A completion without text and calls is charged.",
    tests: [v1],
  },
  {
    file: "src/server/providers/relay/relay-body.ts",
    find: "Math.min(most, ...asked)",
    replace: "Math.max(most, ...asked)",
    why: "A client has more output than the operator allows, at the same price.",
    tests: [v1],
  },
  {
    file: "src/server/http/v1/read-completion.ts",
    find: "(n ?? 1) !== 1",
    replace: "false",
    why: "A client has many answers at the price of one.",
    tests: [v1],
  },
  {
    file: "src/server/core/completion.ts",
    find: "!PASSED.has(name) &&",
    replace: "false &&",
    why: "A parameter that costs the operator more passes at the same price.",
    tests: [v1],
  },
  {
    file: "src/server/core/completion.ts",
    find: "sha256(stringifyExact([",
    replace: 'sha256("" && JSON.stringify([',
    why: "The digest of a completion says nothing about it: another one under its key gets its answer.",
    tests: [v1],
  },
  {
    file: "src/server/http/v1/complete-chat.ts",
    find: "stream.end(`data: ${JSON.stringify(body)}\\n\\n`)",
    replace: "stream.end(`data: ${JSON.stringify(body)}\\n\\n${DONE}`)",
    why: "A stream that failed ends as one that is whole and paid.",
    tests: [v1],
  },
];
