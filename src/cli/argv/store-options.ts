import { FILLED, filled, text, whole } from "./option.ts";

/** Rejects URLs: without this check a database URL would create folders of that name. */
function folder(typed: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(typed)) return filled(typed);
  throw new Error("a folder (--store takes a database)");
}

function postgres(typed: string): string {
  if (/^postgres(ql)?:\/\/./i.test(typed)) return typed;
  throw new Error("a Postgres address that begins with postgres://");
}

/** Where a server keeps its accounts and its ledger (docs/server.md#settings). */
export const storeOptions = {
  data: text(
    {
      flag: "data",
      value: "DIR",
      env: ["AI_CHAT_DATA"],
      names: "folder",
      pattern: "^(?![A-Za-z][A-Za-z0-9+.-]*://)[\\s\\S]*\\S",
      help: "folder of the JSON store",
      shown: "your data folder",
    },
    folder,
  ),
  ledgerKey: text(
    {
      flag: "ledger-key",
      value: "FILE",
      env: ["AI_CHAT_LEDGER_KEY"],
      names: "file",
      pattern: FILLED,
      help: "file with the key of the folder's ledger",
      shown: "none",
    },
    filled,
  ),
  store: text(
    {
      flag: "store",
      value: "URL",
      env: ["AI_CHAT_STORE"],
      envFile: "AI_CHAT_STORE_FILE",
      secret: true,
      elsewhere: "password",
      pattern: "^[Pp][Oo][Ss][Tt][Gg][Rr][Ee][Ss]([Qq][Ll])?://.",
      help: "postgres://… instead of a folder",
    },
    postgres,
  ),
  // At least 2: the readiness check uses one connection of its own.
  storeConnections: whole(
    {
      flag: "store-connections",
      value: "N",
      env: ["AI_CHAT_STORE_CONNECTIONS"],
      help: "most connections to Postgres",
    },
    10,
    [2, 1000],
  ),
};
