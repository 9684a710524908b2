import { USAGE_DAYS } from "../../../protocol/limits.ts";
import { apiKeyRules } from "./check-key-rules.ts";
import { correct, literal, RESTORE, type Rule } from "./check-rule.ts";
import { TODAY } from "./migrations.ts";
import { PLACED } from "./order.ts";

const accounts: Rule[] = [
  {
    table: "chat_accounts",
    sql: `SELECT a.id, a.name, a.tokens, coalesce(l.tokens, 0) AS sum
      FROM chat_accounts a
      LEFT JOIN (SELECT account, sum(tokens) AS tokens FROM chat_ledger GROUP BY account) l ON l.account = a.id
      WHERE a.tokens <> coalesce(l.tokens, 0)`,
    what: ({ id, name, tokens, sum }) =>
      `${name} (${id}) has ${tokens} tokens, but its ledger adds up to ${sum}.`,
    repair: ({ id, sum }) => correct(`UPDATE chat_accounts SET tokens = ${sum} WHERE id = ${literal(id)}`),
  },
  {
    table: "chat_accounts",
    sql: `SELECT a.id, a.name, a.held, coalesce(q.price, 0) AS sum
      FROM chat_accounts a
      LEFT JOIN (SELECT account, sum(price) AS price FROM chat_questions WHERE charged_at IS NULL GROUP BY account) q
        ON q.account = a.id
      WHERE a.held <> coalesce(q.price, 0)`,
    what: ({ id, name, held, sum }) =>
      `${name} (${id}) has ${held} tokens held, but its open questions hold ${sum}.`,
    repair: ({ id, sum }) => correct(`UPDATE chat_accounts SET held = ${sum} WHERE id = ${literal(id)}`),
  },
  {
    table: "chat_accounts",
    sql: `SELECT a.id, a.name, a.granted, coalesce(l.tokens, 0) AS sum
      FROM chat_accounts a
      LEFT JOIN (SELECT account, sum(tokens) AS tokens FROM chat_ledger WHERE kind <> 'charge' GROUP BY account) l
        ON l.account = a.id
      WHERE a.granted <> coalesce(l.tokens, 0)`,
    what: ({ id, name, granted, sum }) =>
      `${name} (${id}) was granted ${granted} tokens, but its ledger adds up to ${sum} without charges.`,
    repair: ({ id, sum }) => correct(`UPDATE chat_accounts SET granted = ${sum} WHERE id = ${literal(id)}`),
  },
  {
    table: "chat_accounts",
    sql: `SELECT id, name, tokens, held FROM chat_accounts
      WHERE held < 0 OR tokens < held OR tokens > 9007199254740991`,
    what: ({ id, name, tokens, held }) =>
      `${name} (${id}) has ${tokens} tokens, ${held} of them held: no balance can be that.`,
    repair: () => RESTORE,
  },
];

const ledger: Rule[] = [
  {
    table: "chat_ledger",
    sql: `SELECT a.id AS account FROM chat_accounts a LEFT JOIN chat_ledger l ON l.account = a.id GROUP BY a.id
      HAVING count(*) FILTER (WHERE kind = 'account') <> 1
        OR min(n) FILTER (WHERE kind = 'account') > min(n)
        OR (count(l.id) > count(n) AND count(*) FILTER (WHERE kind = 'account' AND n IS NULL) = 0)`,
    what: ({ account }) => `the account ${account} does not begin with its creation.`,
    repair: () => RESTORE,
  },
  {
    table: "chat_ledger",
    sql: `SELECT account, n, balance, follows FROM (
        SELECT l.account, l.n, l.balance, l.tokens
          + coalesce(lag(l.balance) OVER (PARTITION BY l.account ORDER BY l.place, l.balance DESC, l.n), o.tokens, 0) AS follows
        FROM ${PLACED} l
        LEFT JOIN (SELECT account, sum(tokens) AS tokens FROM chat_ledger WHERE n IS NULL GROUP BY account) o
          ON o.account = l.account
        WHERE l.n IS NOT NULL
      ) t WHERE balance <> follows`,
    what: ({ account, n, balance, follows }) =>
      `row ${n}, of the account ${account}, has the balance ${balance}, where ${follows} follows.`,
    repair: () => RESTORE,
  },
  {
    // Rows from before they were numbered: their order is not known, but each leads from one balance to another.
    table: "chat_ledger",
    sql: `SELECT account, balance FROM (
        SELECT account, balance, 1 AS ends FROM chat_ledger WHERE n IS NULL
        UNION ALL SELECT account, balance - tokens, -1 FROM chat_ledger WHERE n IS NULL
        UNION ALL SELECT account, 0, 1 FROM chat_ledger WHERE n IS NULL GROUP BY account
        UNION ALL SELECT account, sum(tokens), -1 FROM chat_ledger WHERE n IS NULL GROUP BY account
      ) t GROUP BY account, balance HAVING sum(ends) <> 0`,
    what: ({ account, balance }) =>
      `the rows of the account ${account} do not follow from each other at the balance ${balance}.`,
    repair: () => RESTORE,
  },
  {
    table: "chat_ledger",
    sql: "SELECT account, n FROM chat_ledger WHERE n IS NOT NULL GROUP BY account, n HAVING count(*) > 1",
    what: ({ account, n }) => `the account ${account} has several rows with the number ${n}.`,
    repair: () => RESTORE,
  },
  {
    table: "chat_ledger",
    sql: `SELECT account, id, kind, tokens, balance FROM chat_ledger
      WHERE balance < 0 OR tokens <> trunc(tokens)
        OR CASE WHEN kind IN ('account', 'grant') THEN tokens < 0
          WHEN kind IN ('charge', 'take') THEN tokens > 0 ELSE tokens <> 0 END`,
    what: ({ account, id, kind, tokens, balance }) =>
      `${kind} ${id}, of the account ${account}, has ${tokens} tokens and the balance ${balance}: no such row is ever written.`,
    repair: () => RESTORE,
  },
  {
    table: "chat_ledger",
    sql: `SELECT invite, count(*) AS rows FROM chat_ledger l
      WHERE invite IS NOT NULL AND NOT EXISTS (SELECT FROM chat_invites i WHERE i.id = l.invite) GROUP BY invite`,
    what: ({ invite, rows }) =>
      `${rows} accounts were made with the invitation ${invite}, which does not exist.`,
    repair: () => RESTORE,
  },
];

const others: Rule[] = [
  {
    table: "chat_questions",
    sql: `SELECT id, account FROM chat_questions q
      WHERE (charged_at IS NOT NULL AND NOT EXISTS (SELECT FROM chat_ledger l WHERE l.id = q.id AND l.kind = 'charge'))
        OR (asked_again_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM chat_ledger l WHERE l.id = q.again_id AND l.kind = 'again'))`,
    what: ({ id, account }) =>
      `${id}, of the account ${account}, was charged, but the ledger has no such row.`,
    repair: () => RESTORE,
  },
  {
    table: "chat_usage",
    sql: `SELECT account, (DATE '1970-01-01' + day)::text AS date, coalesce(u.tokens, 0) AS tokens,
        coalesce(u.questions, 0) AS questions, coalesce(l.tokens, 0) AS charged, coalesce(l.questions, 0) AS charges
      FROM (SELECT account, day, questions, tokens FROM chat_usage WHERE day > ${TODAY} - ${USAGE_DAYS.most}) u
      FULL JOIN (
        SELECT account, floor(extract(epoch FROM at) / 86400)::int4 AS day, count(*) AS questions, -sum(tokens) AS tokens
        FROM chat_ledger
        WHERE kind = 'charge' AND floor(extract(epoch FROM at) / 86400)::int4 > ${TODAY} - ${USAGE_DAYS.most}
        GROUP BY 1, 2
      ) l USING (account, day)
      WHERE u.questions IS DISTINCT FROM l.questions OR u.tokens IS DISTINCT FROM l.tokens`,
    what: ({ account, date, tokens, questions, charged, charges }) =>
      `the account ${account} has ${questions} questions and ${tokens} tokens on ${date}, but its ledger ${charges} and ${charged}.`,
    repair: ({ account, date, charged, charges }) =>
      correct(
        `INSERT INTO chat_usage (account, day, questions, tokens) VALUES (${literal(account)}, DATE ${literal(date)} - DATE '1970-01-01', ${charges}, ${charged}) ON CONFLICT (account, day) DO UPDATE SET questions = excluded.questions, tokens = excluded.tokens`,
      ),
  },
  {
    table: "chat_invites",
    sql: `SELECT i.id, i.used, i.uses, coalesce(l.accounts, 0) AS accounts FROM chat_invites i
      LEFT JOIN (SELECT invite, count(*) AS accounts FROM chat_ledger WHERE invite IS NOT NULL GROUP BY invite) l
        ON l.invite = i.id
      WHERE i.used <> coalesce(l.accounts, 0) OR i.used > i.uses`,
    what: ({ id, used, uses, accounts }) =>
      `the invitation ${id} has ${used} of ${uses} uses taken, but the ledger has ${accounts} accounts of it.`,
    repair: ({ id, accounts, uses }) =>
      Number(accounts) > Number(uses)
        ? RESTORE
        : correct(`UPDATE chat_invites SET used = ${accounts} WHERE id = ${literal(id)}`),
  },
];

const OF_ACCOUNTS = [
  "chat_ledger",
  "chat_questions",
  "chat_usage",
  "chat_revoked",
  "chat_known",
  "chat_api_keys",
];

/** Rows of accounts that do not exist, but for those with the empty ID, which a readiness check writes (readiness.ts). */
const orphans: Rule[] = OF_ACCOUNTS.map((table) => ({
  table,
  sql: `SELECT account, count(*) AS rows FROM ${table} o
      WHERE NOT EXISTS (SELECT FROM chat_accounts a WHERE a.id = o.account)
        ${table === "chat_revoked" ? "AND account <> ''" : ""} GROUP BY account`,
  what: ({ account, rows }) => `it has ${rows} rows of the account ${account}, which does not exist.`,
  repair: ({ account }) =>
    table === "chat_ledger" || table === "chat_questions"
      ? RESTORE
      : correct(`DELETE FROM ${table} WHERE account = ${literal(account)}`),
}));

/** The constraints that hold balances, keys and uses, as the migrations make them. */
const constraints: Rule = {
  table: "chat_schema",
  sql: `SELECT t.of, t.name FROM unnest($1::text[], $2::text[]) AS t (of, name)
    WHERE NOT EXISTS (SELECT FROM pg_constraint c
      WHERE c.conrelid = to_regclass(t.of) AND c.conname = t.name AND c.convalidated)`,
  what: ({ of, name }) => `the constraint ${name} of ${of} is missing.`,
  repair: () =>
    "Nothing was changed. Make it again, as the first start of a server does in an empty database.",
};

export const CONSTRAINTS: [table: string, name: string][] = [
  ["chat_accounts", "chat_accounts_pkey"],
  ["chat_accounts", "chat_accounts_folded_key"],
  ["chat_accounts", "chat_accounts_balance"],
  ["chat_accounts", "chat_accounts_exact"],
  ["chat_questions", "chat_questions_pkey"],
  ["chat_questions", "chat_questions_key"],
  ["chat_ledger", "chat_ledger_pkey"],
  ["chat_usage", "chat_usage_pkey"],
  ["chat_invites", "chat_invites_uses"],
  ["chat_api_keys", "chat_api_keys_pkey"],
  ["chat_api_keys", "chat_api_keys_held"],
];

export const rules: Rule[] = [constraints, ...accounts, ...ledger, ...others, ...apiKeyRules, ...orphans];
