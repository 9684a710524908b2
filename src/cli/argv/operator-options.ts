import { actTextRule, isActText } from "../../protocol/act-text.ts";
import { text, toggle } from "./option.ts";

function actText(typed: string): string {
  if (isActText(typed)) return typed;
  throw new Error(actTextRule);
}

/** The options of what an operator does to accounts (docs/accounts.md#accounts). */
export const operatorOptions = {
  reason: text({ flag: "reason", value: "TEXT", help: "why; the ledger keeps it" }, actText),
  by: text({ flag: "by", value: "WHO", help: "who does it; the ledger keeps it" }, actText),
  yes: toggle({ flag: "yes", help: "don't ask before something is taken away" }),
};
