/** @typedef {import("./list.js").Mutant} Mutant */

const json = "test/unit/server/stores/json/";
const damage = `${json}damage.test.ts`;
const failures = `${json}failures.test.ts`;
const books = `${json}books.test.ts`;
const sequence = `${json}sequence.test.ts`;
const contract = "test/contract/json-store.test.ts";
const postgres = "test/contract/postgres-store.test.ts";

/** The ledger's files, the tables of Postgres, and the files of every room. @type {Mutant[]} */
export const storeMutants = [
  {
    file: "src/server/stores/json/books.ts",
    find: " > now) break;",
    replace: " > now || true) break;",
    why: "Charged keys are never dropped from memory.",
    tests: [books],
  },
  {
    file: "src/server/stores/json/books.ts",
    find: "size >= 1024 && ",
    replace: "false && ",
    why: "Revoked tokens are never swept.",
    tests: [books],
  },
  {
    file: "src/server/stores/json/books.ts",
    find: "if (balance !== fact.balance)",
    replace: "if (false)",
    why: "A line of the ledger with a wrong balance is believed.",
    tests: [sequence],
  },
  {
    file: "src/server/stores/json/books.ts",
    find: "if (fact.n !== books.n + 1)",
    replace: "if (false)",
    why: "A ledger with a line missing is believed.",
    tests: [sequence],
  },
  {
    file: "src/server/stores/json/journal.ts",
    find: "await file.datasync();",
    replace: "",
    why: "A charge is acknowledged before it is on the disk.",
    tests: [failures],
  },
  {
    file: "src/server/stores/json/journal.ts",
    find: "if (size !== length)",
    replace: "if (false)",
    why: "A second writer goes unnoticed.",
    tests: [failures],
  },
  {
    file: "src/server/stores/json/journal.ts",
    find: "await fresh.truncate(length);\n        await",
    replace: "await",
    why: "What a failed write left behind stays in the ledger.",
    tests: [failures],
  },
  {
    file: "src/server/stores/json/journal.ts",
    find: "if (room > 0) await",
    replace: "if (false) await",
    why: "On a full disk the AI is asked for answers that cannot be charged.",
    tests: [failures],
  },
  {
    file: "src/server/stores/json/replay.ts",
    find: 'kind: "torn", bytes: rest.length',
    replace: 'kind: "none"',
    why: "A torn last line stays in the ledger.",
    tests: [damage, failures],
  },
  {
    file: "src/server/stores/json/line.ts",
    find: "crc32(line.subarray(0, end), previous)",
    replace: 'Number.parseInt(seal[1] ?? "", 16)',
    why: "Checksums are not compared: damage goes unnoticed.",
    tests: [damage],
  },
  {
    file: "src/server/stores/json/load.ts",
    find: "!== checkpoint.sha256",
    replace: '=== "never"',
    why: "The part of the ledger that a checkpoint covers may be damaged.",
    tests: [damage],
  },
  {
    file: "src/server/stores/json/load.ts",
    find: "if (size < length) throw",
    replace: "if (false) throw",
    why: "A ledger that was cut off is taken for damaged in another way.",
    tests: [damage],
  },
  {
    file: "src/server/stores/json/committer.ts",
    find: "await journal.append(",
    replace: "void journal.append(",
    why: "A batch is entered and acknowledged before its fdatasync.",
    tests: [failures],
  },
  {
    file: "src/server/stores/json/committer.ts",
    find: "await oneTurn();",
    replace: "",
    why: "Charges that arrive in one turn of the event loop wait for each other's syncs.",
    tests: [`${json}batch.test.ts`],
  },
  {
    file: "src/server/stores/json/disk.ts",
    find: "error ? reject(error) : resolve()",
    replace: "resolve()",
    why: "A failed fdatasync counts as a sync.",
    tests: [`${json}disk.test.ts`],
  },
  {
    file: "src/server/stores/json/files.ts",
    find: "done += bytesWritten;",
    replace: "done = bytes.length;",
    why: "A short write is taken for a whole one.",
    tests: [failures],
  },
  {
    file: "src/server/stores/json/files.ts",
    find: "await file.sync();",
    replace: "",
    why: "A checkpoint replaces the old one before it is on the disk.",
    tests: [failures, `${json}folder.test.ts`],
  },
  {
    file: "src/server/stores/json/disk.ts",
    find: "r: O_RDONLY | O_NOFOLLOW",
    replace: "r: O_RDONLY",
    why: "A link in the folder is followed to a file of another user.",
    tests: [`${json}files.test.ts`],
  },
  {
    file: "src/server/stores/json/accounts.ts",
    find: 'if (books.names.has(folded)) return { kind: "taken" };',
    replace: "",
    why: "A name is given to a second account.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/accounts.ts",
    find: "for (let other =",
    replace: "for (let other = undefined &&",
    why: "Two registrations at once both get the name.",
    tests: [contract],
  },
  {
    file: "src/server/stores/json/lock.ts",
    find: 'if (alive === "yes") throw',
    replace: 'if (alive === "never") throw',
    why: "A second server takes the folder of a live one.",
    tests: [`${json}lock.test.ts`],
  },
  {
    file: "src/server/stores/postgres/charge.ts",
    find: "q.charged_at IS NULL AND q.expires > now()",
    replace: "q.charged_at IS NULL",
    why: "A hold that has expired is charged.",
    tests: [postgres],
  },
  {
    file: "src/server/stores/postgres/charge.ts",
    find: "tokens = a.tokens - q.price, held",
    replace: "held",
    why: "A charge frees the hold and takes nothing.",
    tests: [postgres],
  },
  {
    file: "src/server/stores/postgres/hold.ts",
    find: ".same) return",
    replace: ".same && false) return",
    why: "A key is good for any question.",
    tests: [postgres],
  },
  {
    file: "src/server/stores/postgres/release.ts",
    find: "q.id = $1 AND q.charged_at IS NULL RETURNING",
    replace: "q.id = $1 RETURNING",
    why: "A release after the charge takes its question away.",
    tests: [postgres],
  },
  {
    file: "src/server/stores/postgres/sweep.ts",
    find: "expires <= now() - interval '1 hour'",
    replace: "expires <= now()",
    why: "A token that was logged out is good again on a server whose clock is behind.",
    tests: ["test/contract/postgres-servers.test.ts"],
  },
  {
    file: "src/disk/regular-file.ts",
    find: "if (found.isFile()) return handle;",
    replace: "return handle;",
    why: "A named pipe in the folder of conversations is read.",
    tests: ["test/unit/client/conversations/damage.test.ts", "test/unit/client/kept/kept-file.test.ts"],
  },
  {
    file: "src/disk/locked.ts",
    find: "stale: STALE",
    replace: "stale: 1e9",
    why: "The lock of a killed process stays for days.",
    tests: ["test/unit/client/kept/kept-file.test.ts", "test/unit/client/kept/credentials.test.ts"],
  },
];
