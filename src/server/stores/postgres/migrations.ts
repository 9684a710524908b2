/**
 * The steps of the schema; step n makes version n. A released step is never changed. Only SQL that PostgreSQL-compatible
 * engines know: no extensions, triggers, DO blocks, advisory locks or LISTEN; int4, because `integer` has 64 bits in
 * CockroachDB, and pg returns those as text.
 *
 * Lock order, against deadlocks: a statement that changes an account's questions or API keys locks the account's row first,
 * and rows of its API keys after it.
 */
export const migrations: string[][] = [
  [
    `CREATE TABLE chat_accounts (
      id text PRIMARY KEY,
      name text NOT NULL,
      folded text NOT NULL UNIQUE,
      password_hash text NOT NULL,
      generation int4 NOT NULL,
      disabled boolean NOT NULL,
      tokens bigint NOT NULL,
      held bigint NOT NULL,
      created_at timestamptz NOT NULL,
      CONSTRAINT chat_accounts_balance CHECK (held >= 0 AND tokens >= held),
      CONSTRAINT chat_accounts_exact CHECK (tokens <= 9007199254740991)
    )`,
    // One row per question, from its hold until a day after its charge, for its key. again_*: the second answer of a
    // charged key, which holds no tokens but keeps the key busy.
    `CREATE TABLE chat_questions (
      id text PRIMARY KEY,
      account text NOT NULL,
      key text,
      digest text NOT NULL,
      price bigint NOT NULL CHECK (price >= 0),
      expires timestamptz NOT NULL,
      charged_at timestamptz,
      again_id text,
      again_expires timestamptz,
      asked_again_at timestamptz,
      CONSTRAINT chat_questions_key UNIQUE (account, key)
    )`,
    `CREATE INDEX chat_questions_open ON chat_questions (account, expires) WHERE charged_at IS NULL`,
    `CREATE INDEX chat_questions_charged ON chat_questions (charged_at) WHERE charged_at IS NOT NULL`,
    `CREATE UNIQUE INDEX chat_questions_again ON chat_questions (again_id) WHERE again_id IS NOT NULL`,
    // An account's tokens are the sum of its rows. kind: account (the grant at its creation), grant, charge (id is the
    // question's), again (the second answer of a charged key, which costs nothing).
    `CREATE TABLE chat_ledger (
      id text NOT NULL,
      kind text NOT NULL,
      account text NOT NULL,
      at timestamptz NOT NULL,
      tokens bigint NOT NULL,
      balance bigint NOT NULL,
      reason text,
      PRIMARY KEY (id, kind)
    )`,
    `CREATE INDEX chat_ledger_account ON chat_ledger (account, at)`,
    // Sums of the ledger per UTC day, so that usage reads at most 90 rows. day: days since 1970.
    `CREATE TABLE chat_usage (
      account text NOT NULL,
      day int4 NOT NULL,
      questions bigint NOT NULL,
      tokens bigint NOT NULL,
      PRIMARY KEY (account, day)
    )`,
    `CREATE INDEX chat_usage_day ON chat_usage (day)`,
    `CREATE TABLE chat_revoked (
      account text NOT NULL,
      jti text NOT NULL,
      expires timestamptz NOT NULL,
      PRIMARY KEY (account, jti)
    )`,
    `CREATE INDEX chat_revoked_expires ON chat_revoked (expires)`,
    `CREATE TABLE chat_settings (
      name text PRIMARY KEY,
      value text NOT NULL
    )`,
  ],
  // The model of a charge; null for one that a server of version 1 held or charged. A step for each table: none is locked
  // while the other is waited for.
  ["ALTER TABLE chat_ledger ADD COLUMN model text"],
  ["ALTER TABLE chat_questions ADD COLUMN model text"],
  // Of an account that was made with an invitation. Before the new table: only the owner of the others may make it.
  ["ALTER TABLE chat_ledger ADD COLUMN invite text"],
  // Invitations. tokens: null for the starting tokens of the server.
  [
    `CREATE TABLE chat_invites (
      id text PRIMARY KEY,
      digest text NOT NULL UNIQUE,
      tokens bigint CHECK (tokens >= 0),
      uses int4 NOT NULL,
      used int4 NOT NULL,
      created_at timestamptz NOT NULL,
      expires timestamptz NOT NULL,
      revoked_at timestamptz,
      CONSTRAINT chat_invites_uses CHECK (used >= 0 AND used <= uses)
    )`,
  ],
  // Addresses from which accounts have logged in, as digests.
  [
    `CREATE TABLE chat_known (
      account text NOT NULL,
      address text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (account, address)
    )`,
    `CREATE INDEX chat_known_at ON chat_known (at)`,
  ],
  // Counts of limits. The names and the order of these columns are those of rate-limiter-flexible. expire: milliseconds.
  [
    `CREATE TABLE chat_limits (
      key text PRIMARY KEY,
      points int4 NOT NULL,
      expire bigint
    )`,
    `CREATE INDEX chat_limits_expire ON chat_limits (expire)`,
  ],
  // n: the order of an account's rows, drawn while its row in chat_accounts is locked; null for a row from before. It is
  // a default, so that servers of the version before, which do not name it, number their rows too. It is set after the
  // column is added, so that the rows from before are not written again. by: the operator who did it. asked: of a take.
  // New kinds: take, password, disabled, enabled, renamed, deleted, revoked. The id of a grant or take is now `ACCOUNT ID`.
  [
    `ALTER TABLE chat_ledger ADD COLUMN n bigint, ADD COLUMN by text, ADD COLUMN asked bigint`,
    `CREATE SEQUENCE chat_ledger_n CACHE 1 OWNED BY chat_ledger.n`,
    `ALTER TABLE chat_ledger ALTER COLUMN n SET DEFAULT nextval('chat_ledger_n')`,
    // Rights on tables do not extend to it, and servers of the version before do not know it.
    `GRANT USAGE ON SEQUENCE chat_ledger_n TO PUBLIC`,
  ],
  // granted: the sum of the account's rows that are no charges; what it has used is granted - tokens, whichever server
  // charged. Null for an account that an older server made: then its rows are summed. A deleted account has deleted_at,
  // a pseudonym as its name, and no hash. refilled: the start of the last refill period that was paid or used up.
  [
    `ALTER TABLE chat_accounts ADD COLUMN granted bigint, ADD COLUMN deleted_at timestamptz,
      ADD COLUMN refilled timestamptz`,
  ],
  // The API key that asked; null: none. again_api_key: the one that asked for the second answer.
  ["ALTER TABLE chat_ledger ADD COLUMN api_key text"],
  ["ALTER TABLE chat_questions ADD COLUMN api_key text, ADD COLUMN again_api_key text"],
  // API keys, ended ones too, because facts name them; those of a deleted account are gone. n: their order. slot: 1, 2, …, so that an account has only so many. generation:
  // of the account, when it was made. most: tokens that it may spend in a period; null: any number. held: tokens of its open
  // questions. spent: its charges in the last period that it was charged in, which began at spent_from; before: in the one
  // before that. recounts: how often held was corrected.
  [
    `CREATE TABLE chat_api_keys (
      id text PRIMARY KEY,
      n bigint NOT NULL DEFAULT nextval('chat_ledger_n'),
      account text NOT NULL,
      slot int4 NOT NULL,
      name text NOT NULL,
      folded text NOT NULL,
      digest text NOT NULL UNIQUE,
      generation int4 NOT NULL,
      most bigint,
      per text NOT NULL,
      expires timestamptz,
      created_at timestamptz NOT NULL,
      ended_at timestamptz,
      used_at timestamptz,
      held bigint NOT NULL,
      spent bigint NOT NULL,
      spent_from timestamptz NOT NULL,
      before bigint NOT NULL,
      before_from timestamptz NOT NULL,
      recounts int4 NOT NULL,
      CONSTRAINT chat_api_keys_held CHECK (held >= 0)
    )`,
    `CREATE UNIQUE INDEX chat_api_keys_name ON chat_api_keys (account, folded) WHERE ended_at IS NULL`,
    `CREATE UNIQUE INDEX chat_api_keys_slot ON chat_api_keys (account, slot) WHERE ended_at IS NULL`,
  ],
  // How many grants and takes of operators the account got from servers of this version on.
  ["ALTER TABLE chat_accounts ADD COLUMN given int4 NOT NULL DEFAULT 0"],
];

/** SQL for the UTC day of the database's clock, as days since 1970. */
export const TODAY = "floor(extract(epoch FROM now()) / 86400)::int4";
