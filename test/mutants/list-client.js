/** @typedef {import("./list.js").Mutant} Mutant */

const askAgain = "test/unit/client/http/ask-again.test.ts";
const either = "test/unit/client/http/either-reply.test.ts";
const network = "test/cli/client/network.test.ts";
const lost = "test/cli/client/lost-connections.test.ts";
const conversations = "test/unit/client/conversations/conversations.test.ts";
const claim = "test/unit/client/conversations/claim.test.ts";
const sanitize = "test/unit/text/sanitize.test.ts";

/** The client without a screen, and the text that it shows. @type {Mutant[]} */
export const clientMutants = [
  {
    file: "src/client/http/offer.ts",
    find: "Math.abs(now - offer.at)",
    replace: "now - offer.at",
    why: "An offer stamped in the future is believed for ever.",
    tests: ["test/unit/client/http/offer.test.ts"],
  },
  {
    file: "src/client/http/redirect.ts",
    find: "to.origin !== new URL(server).origin",
    replace: "false",
    why: "A redirect carries the token to another server.",
    tests: [network],
  },
  {
    file: "src/client/http/ask-again.ts",
    find: '!(await client.offer(signal)).extensions.has("idempotency")',
    replace: "false",
    why: "After a lost connection a server without keys is asked twice, and charges twice.",
    tests: [askAgain],
  },
  {
    file: "src/client/http/ask-again.ts",
    find: "!silent || ",
    replace: "",
    why: "A question is sent again although part of its answer was shown.",
    tests: [askAgain],
  },
  {
    file: "src/client/http/ask-again.ts",
    find: "wait > left",
    replace: "false",
    why: "A question waits longer for its retry than it may.",
    tests: [askAgain],
  },
  {
    file: "src/client/http/either-reply.ts",
    find: '&& charged === "no"',
    replace: "",
    why: "A gateway's failure ends both requests, though the server may still answer one.",
    tests: [either],
  },
  {
    file: "src/client/http/network-error.ts",
    find: 'charged: kind.sent ? charged : "no"',
    replace: 'charged: "no"',
    why: "A question that may have been charged is reported as free.",
    tests: [network, lost],
  },
  {
    file: "src/client/http/reply-error.ts",
    find: "secret.length >= 4",
    replace: "secret.length >= 4000",
    why: "A password that the server echoes is shown.",
    tests: [network, "test/cli/client/dialects.test.ts"],
  },
  {
    file: "src/client/http/reply-error.ts",
    find: "status >= 500 || status === 408",
    replace: "status >= 600",
    why: "After a gateway's failure a question is reported as free.",
    tests: ["test/cli/client/dialects.test.ts", network],
  },
  {
    file: "src/client/http/authorization.ts",
    find: "if (!refused.refuses)",
    replace: "if (false)",
    why: "A question that was refused for another reason is sent again, and may be charged twice.",
    tests: ["test/cli/client/frameworks.test.ts"],
  },
  {
    file: "src/client/http/authorization.ts",
    find: "if (token !== secret) return;",
    replace: "",
    why: "What a reply shows about an old token is kept with the new one.",
    tests: ["test/cli/client/frameworks.test.ts"],
  },
  {
    file: "src/client/http/connections.ts",
    find: "keepAliveMaxTimeout: 4000",
    replace: "keepAliveMaxTimeout: 600_000",
    why: "After a change of network a question goes into a dead connection.",
    tests: [lost],
  },
  {
    file: "src/client/http/connections.ts",
    find: "> DRIFT) renew()",
    replace: "> DRIFT) void 0",
    why: "After sleep a question goes into a dead connection.",
    tests: [lost],
  },
  {
    file: "src/client/http/answer.ts",
    find: "decoder.decode(piece, { stream: true })",
    replace: "decoder.decode(piece)",
    why: "A character that the network cut in two becomes two replacement characters.",
    tests: ["test/cli/client/stream.test.ts"],
  },
  {
    file: "src/client/http/api-client.ts",
    find: "secret, ...secrets]",
    replace: "secret]",
    why: "A failed change of password shows the password that the server echoes.",
    tests: [network],
  },
  {
    file: "src/client/conversations/reader.ts",
    find: "CLOCKS_APART = 2000",
    replace: "CLOCKS_APART = 0",
    why: "`-c` takes an older conversation where the disk's clock is coarse.",
    tests: [conversations],
  },
  {
    file: "src/client/conversations/appender.ts",
    find: '(end.torn ? "\\n" : "")',
    replace: '""',
    why: "A turn is appended to a torn line, and both are lost.",
    tests: ["test/unit/client/conversations/damage.test.ts"],
  },
  {
    file: "src/client/conversations/appender.ts",
    find: "if (isRaised && !isFirst) await raise(size);",
    replace: "",
    why: "An older program misreads a conversation that went on behind another version.",
    tests: ["test/unit/client/conversations/tree.test.ts"],
  },
  {
    file: "src/client/conversations/claim.ts",
    find: 'if (await isTaken(handle, size, seen, claiming)) return "taken";',
    replace: "",
    why: "A question goes out in a conversation with which another session has gone on.",
    tests: [claim, "test/unit/session/versions.test.ts"],
  },
  {
    file: "src/client/conversations/claim.ts",
    find: "if (!(await isSecond(",
    replace: "if (true || !(await isSecond(",
    why: "Two sessions that ask at the same time go on with the same conversation.",
    tests: [claim],
  },
  {
    file: "src/client/conversations/tree.ts",
    find: "turn.parent === parent",
    replace: "turn.parent === parent && parent !== null",
    why: "The versions of a first question can't be reached.",
    tests: ["test/unit/session/versions.test.ts"],
  },
  {
    file: "src/client/conversations/fitting-history.ts",
    find: "rest.length - first < most",
    replace: "true",
    why: "A long conversation is refused for its history.",
    tests: ["test/unit/session/words.test.ts"],
  },
  {
    file: "src/client/kept/kept-file.ts",
    find: 'found.kind === "broken") return noted(found.why);\n  const conf',
    replace: "false) return;\n  const conf",
    why: "A broken file with tokens in it is overwritten.",
    tests: ["test/unit/client/kept/kept-file.test.ts", "test/unit/client/kept/credentials.test.ts"],
  },
  {
    file: "src/text/sanitize.ts",
    find: "\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]/;",
    replace: "\\x7f\\u202a-\\u202e\\u2066-\\u2069]/;",
    why: "The one-byte control sequences of an answer reach the terminal.",
    tests: [sanitize],
  },
  {
    file: "src/text/sanitize.ts",
    find: "swallowed < LONGEST_STRING",
    replace: "true",
    why: "One stray character swallows the rest of an answer.",
    tests: [sanitize],
  },
  {
    file: "src/text/whole-characters.ts",
    find: 'half = isCut ? text.slice(-1) : "";',
    replace: 'half = "";',
    why: "An emoji that comes in two pieces is lost.",
    tests: ["test/unit/text/whole-characters.test.ts"],
  },
];
