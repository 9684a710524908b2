import { expect, test } from "vitest";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import { cannotStore } from "../../../../src/server/core/store-unavailable.ts";
import { storeCause } from "../../../../src/server/http/store-cause.ts";
import { OtherLedger } from "../../../../src/server/stores/postgres/failures.ts";
import { overloaded } from "../../../../src/server/stores/postgres/lanes.ts";
import { TogetherFailed } from "../../../../src/server/stores/postgres/database.ts";

const withCode = (code: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { code, ...more });
const sqlError = (code: string, message: string) =>
  withCode(code, message, { severity: "ERROR", detail: "Key (name)=(jane) already exists.", where: "jane" });

const full = withCode("ENOSPC", "ENOSPC: no space left on device, write", { syscall: "write" });
const refused = withCode("ECONNREFUSED", "connect ECONNREFUSED ::1:5432");
const rows: [unknown, string | undefined][] = [
  [full, "ENOSPC: no space left on device, write"],
  [cannotStore(full), "ENOSPC: no space left on device, write"],
  [new Error("ledger.jsonl is gone"), "ledger.jsonl is gone"],
  [new Error("Connection terminated unexpectedly"), "Connection terminated unexpectedly"],
  [sqlError("53100", "could not extend file"), "53100: could not extend file"],
  [sqlError("57P01", "terminating\n connection"), "57P01: terminating connection"],
  // Their messages quote values.
  [sqlError("22P02", 'invalid input syntax for type uuid: "jane"'), "22P02"],
  [sqlError("23514", "jane violates a constraint"), "23514"],
  [new AggregateError([refused, withCode("ECONNREFUSED", "other")], ""), "connect ECONNREFUSED ::1:5432"],
  [new TogetherFailed(true, refused), "connect ECONNREFUSED ::1:5432"],
  [
    overloaded(new Error("timeout exceeded when trying to connect")),
    "timeout exceeded when trying to connect",
  ],
  [new OtherLedger(), "a new connection leads to another ledger: check the search_path of its user"],
  [new Error("x".repeat(1_000)), "x".repeat(300)],
  [new TypeError(""), "TypeError"],
  [undefined, undefined],
  ["text", undefined],
];
test("a failure of the store is code and message of the error of its disk or database", () => {
  for (const [cause, words] of rows) expect(storeCause(cause), String(cause)).toBe(words);
});

test("a failure without a cause has none", () => {
  expect(storeCause(new ApiError("store_unavailable", "No.").cause)).toBe(undefined);
});
