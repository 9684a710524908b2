import type { AccountRow } from "../../../server/local.ts";
import type { Column, TableLook } from "../../io/table.ts";
import type { AccountDocument } from "./document.ts";

/** Cells from which on a screen has room for times of day. */
const WIDE = 100;

/** What is shown of an account. */
export function columnsOf({ width = WIDE }: Pick<TableLook, "width">): Column<AccountRow>[] {
  const kind = width < WIDE ? "day" : "minute";
  const utc = kind === "day" ? "" : " (UTC)";
  return [
    { name: "username", title: "name", kind: "text", value: ({ username }) => username },
    { name: "tokens", title: "tokens", kind: "number", value: ({ tokens }) => tokens },
    { name: "held", title: "held", kind: "number", value: ({ held }) => held, rank: 3 },
    { name: "used", title: "used", kind: "number", value: ({ used }) => used, rank: 1 },
    { name: "created_at", title: `created${utc}`, kind, value: ({ created }) => created, rank: 4 },
    {
      name: "last_question_at",
      title: `last question${utc}`,
      kind,
      value: ({ lastQuestion }) => lastQuestion,
      rank: 2,
    },
    {
      name: "disabled",
      title: "disabled",
      kind: "text",
      value: ({ disabled }) => (disabled ? "yes" : null),
      onlyIfFilled: true,
    },
    {
      name: "refill_due",
      title: "refill due",
      kind: "number",
      value: ({ due }) => (due === 0 ? null : due),
      rank: 5,
      onlyIfFilled: true,
    },
  ];
}

/** Shown of one account alone. */
export const apiKeys: Column<AccountRow> = {
  name: "api_keys",
  title: "API keys",
  kind: "number",
  value: ({ apiKeys = null }) => apiKeys,
};

/** An account as `--json` prints it. */
export const documentOf = (row: AccountRow): AccountDocument => ({
  username: row.username,
  tokens: row.tokens,
  held: row.held,
  used: row.used,
  created_at: new Date(row.created).toISOString(),
  last_question_at: row.lastQuestion === null ? null : new Date(row.lastQuestion).toISOString(),
  disabled: row.disabled,
  refill_due: row.due,
});
