import { actTextRule, isActText } from "../../protocol/act-text.ts";
import { filled, text, toggle } from "./option.ts";

function actText(typed: string): string {
  if (isActText(typed)) return typed;
  throw new Error(actTextRule);
}

function visible(typed: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(typed))
    throw new Error("1 to 200 visible ASCII characters without spaces");
  if (typed.startsWith("refill:")) throw new Error("an ID that does not begin with refill:");
  return typed;
}

/** The options of what an operator does to accounts (docs/accounts.md#accounts). */
export const operatorOptions = {
  id: text(
    {
      flag: "id",
      value: "ID",
      help: "ID of this grant or take; a repeat under it changes nothing",
      shown: "a new one",
    },
    visible,
  ),
  all: toggle({ flag: "all", help: "all accounts that are not disabled" }),
  file: text(
    { flag: "file", short: "f", value: "FILE", names: "file", help: "file with a name a line; - is stdin" },
    filled,
  ),
  reason: text({ flag: "reason", value: "TEXT", help: "why; the ledger keeps it" }, actText),
  by: text({ flag: "by", value: "WHO", help: "who does it; the ledger keeps it" }, actText),
  yes: toggle({ flag: "yes", help: "don't ask before something is taken away" }),
};
