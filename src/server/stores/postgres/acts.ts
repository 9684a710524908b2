import { randomUUID } from "node:crypto";
import { foldName } from "../../core/fold-name.ts";
import { pseudonymOf, type Act, type Operations, type Unknown } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import { inDoubt, type Database } from "./database.ts";
import { END_OLDER, endsKeys } from "./key-limits.ts";

/**
 * Statements of acts that move no tokens. Each changes the account $1 unless it is as asked, which locks its row, and adds
 * the row $2 to the ledger, with the reason $3, by $4.
 */
const entry = (kind: string) => `
INSERT INTO chat_ledger (id, kind, account, at, tokens, balance, reason, by)
SELECT $2, ${kind}, id, now(), 0, tokens, $3, $4 FROM account
RETURNING id`;

/** A disabled account gets no refills: enabled again, it counts anew from now. */
const DISABLE = `
WITH account AS (
  UPDATE chat_accounts SET disabled = $5::boolean,
    refilled = CASE WHEN $5::boolean THEN refilled ELSE greatest(refilled, now()) END
  WHERE id = $1 AND deleted_at IS NULL AND disabled <> $5::boolean
  RETURNING id, tokens
)${entry("CASE WHEN $5::boolean THEN 'disabled' ELSE 'enabled' END")}`;

/** Hashes are salted, so an equal one is this call's. */
const SET_PASSWORD = `
WITH account AS (
  UPDATE chat_accounts SET password_hash = $5, generation = generation + 1
  WHERE id = $1 AND deleted_at IS NULL AND password_hash <> $5
  RETURNING id, tokens
)${endsKeys("account", "true")}${entry("'password'")}`;

/** A name that another account has is a conflict. */
const RENAME = `
WITH account AS (
  UPDATE chat_accounts SET name = $5, folded = $6
  WHERE id = $1 AND deleted_at IS NULL AND name <> $5
  RETURNING id, tokens
)${entry("'renamed'")}`;

/** Deletes what else there is of the account, but questions in flight. */
const FORGOTTEN = `
known AS (
  DELETE FROM chat_known k USING account WHERE k.account = account.id
), revoked AS (
  DELETE FROM chat_revoked r USING account WHERE r.account = account.id
), question AS (
  DELETE FROM chat_questions q USING account WHERE q.account = account.id AND q.charged_at IS NOT NULL
    AND (q.again_id IS NULL OR q.asked_again_at IS NOT NULL OR q.again_expires <= now())
), api_key AS (
  DELETE FROM chat_api_keys k USING account WHERE k.account = account.id
)`;

/** The row stays, because its facts and its tokens do. */
const REMOVE = `
WITH account AS (
  UPDATE chat_accounts SET name = $5, folded = $6, password_hash = '', generation = generation + 1, disabled = true,
    deleted_at = now()
  WHERE id = $1 AND deleted_at IS NULL
  RETURNING id, tokens
), ${FORGOTTEN}${entry("'deleted'")}`;

/** REMOVE does not see what was written while it waited for the account's row. */
const FORGET = `
WITH account AS (SELECT id FROM chat_accounts WHERE id = $1 AND deleted_at IS NOT NULL), ${FORGOTTEN}
SELECT id FROM account`;

/** Runs only when an act changed nothing. */
const LOOK = `
SELECT a.name, a.deleted_at IS NOT NULL AS deleted, EXISTS (SELECT FROM chat_ledger l WHERE l.id = $2) AS made
FROM chat_accounts a WHERE a.id = $1`;

interface State {
  name: string;
  deleted: boolean;
  /** A response was lost, and this call itself has done it. */
  made: boolean;
}

type Done = { kind: "done" | "repeated" } | Unknown;

/** The acts of the port `Operations` that move no tokens. */
export function createActs({ run }: Pick<Database, "run">) {
  /** Returns the account's state if nothing was changed now. */
  async function change(
    sql: string,
    account: AccountId,
    { reason, by }: Act,
    values: unknown[],
  ): Promise<State | "done" | "unknown"> {
    const id = randomUUID();
    const { rows } = await run(sql, [account, id, reason, by, ...values]);
    if (rows.length > 0) return "done";
    return (await run<State>(LOOK, [account, id])).rows[0] ?? "unknown";
  }

  async function act(...asked: Parameters<typeof change>): Promise<Done> {
    const state = await change(...asked);
    if (typeof state === "string") return { kind: state };
    if (state.made) return { kind: "done" };
    return { kind: state.deleted ? "unknown" : "repeated" };
  }

  return {
    setDisabled: (account: AccountId, disabled: boolean, why: Act) => act(DISABLE, account, why, [disabled]),

    async setPassword(account: AccountId, hash: string, why: Act): Promise<Done> {
      const done = await act(SET_PASSWORD, account, why, [hash]);
      if (done.kind === "done") await run(END_OLDER, [account]).catch(inDoubt);
      return done;
    },

    async rename(account: AccountId, name: string, why: Act): Promise<Done | { kind: "taken" }> {
      const state = await change(RENAME, account, why, [name, foldName(name)]);
      if (typeof state === "string") return { kind: state };
      if (state.made) return { kind: "done" };
      if (state.deleted) return { kind: "unknown" };
      return { kind: state.name === name ? "repeated" : "taken" };
    },

    async remove(account: AccountId, why: Act): ReturnType<Operations["remove"]> {
      const pseudonym = pseudonymOf(account);
      const state = await change(REMOVE, account, why, [pseudonym, foldName(pseudonym)]);
      if (state === "unknown") return { kind: state };
      await run(FORGET, [account]);
      return { kind: state === "done" || state.made ? "done" : "repeated", pseudonym };
    },
  };
}
