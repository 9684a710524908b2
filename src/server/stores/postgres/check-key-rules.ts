import { correct, literal, RESTORE, type Rule } from "./check-rule.ts";

/** What holds for API keys. A deleted account has none any more. */
export const apiKeyRules: Rule[] = [
  {
    table: "chat_api_keys",
    sql: `SELECT k.id, k.account, k.held, coalesce(q.price, 0) AS sum
      FROM chat_api_keys k
      LEFT JOIN (SELECT api_key, sum(price) AS price FROM chat_questions WHERE charged_at IS NULL GROUP BY api_key) q
        ON q.api_key = k.id
      WHERE k.held <> coalesce(q.price, 0)`,
    what: ({ id, account, held, sum }) =>
      `the key ${id}, of the account ${account}, has ${held} tokens held, but its open questions hold ${sum}.`,
    repair: ({ id, sum }) => correct(`UPDATE chat_api_keys SET held = ${sum} WHERE id = ${literal(id)}`),
  },
  {
    table: "chat_api_keys",
    sql: `SELECT k.id, k.account, k.spent, -coalesce(sum(l.tokens), 0) AS sum
      FROM chat_api_keys k LEFT JOIN chat_ledger l ON l.api_key = k.id AND l.kind = 'charge'
        AND date_trunc(k.per, l.at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' = k.spent_from
      GROUP BY k.id HAVING k.spent <> -coalesce(sum(l.tokens), 0)`,
    what: ({ id, account, spent, sum }) =>
      `the key ${id}, of the account ${account}, has spent ${spent} tokens in its last period, but its charges add up to ${sum}.`,
    repair: ({ id, sum }) => correct(`UPDATE chat_api_keys SET spent = ${sum} WHERE id = ${literal(id)}`),
  },
  {
    table: "chat_ledger",
    sql: `SELECT l.api_key, count(*) AS rows FROM chat_ledger l JOIN chat_accounts a ON a.id = l.account
      WHERE a.deleted_at IS NULL AND l.api_key IS NOT NULL
        AND NOT EXISTS (SELECT FROM chat_api_keys k WHERE k.id = l.api_key AND k.account = l.account)
      GROUP BY l.api_key`,
    what: ({ api_key, rows }) =>
      `${rows} rows name the API key ${api_key}, which their account does not have.`,
    repair: () => RESTORE,
  },
];
