import { FILLED, filled, text } from "./option.ts";

/** The options of a server about its ledger (docs/ledger.md#key). */
export const ledgerOptions = {
  ledgerKey: text(
    {
      flag: "ledger-key",
      value: "FILE",
      env: ["AI_CHAT_LEDGER_KEY"],
      names: "file",
      pattern: FILLED,
      help: "file of the key that protects the ledger of a folder",
      shown: "none",
    },
    filled,
  ),
};
