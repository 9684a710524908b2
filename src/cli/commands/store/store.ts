import { ClientError } from "../../../client/failure.ts";
import type { Call } from "../../argv/call.ts";
import { repeatable } from "../../../text/repeatable.ts";
import { nearest } from "../../../text/nearest.ts";

const actions = new Map<string, () => Promise<(call: Call) => Promise<number>>>([
  ["check", async () => (await import("./store-check.ts")).checkStore],
  ["backup", async () => (await import("./store-backup.ts")).backUp],
  ["restore", async () => (await import("./store-restore.ts")).restore],
  ["copy", async () => (await import("./store-copy.ts")).copyStores],
  ["compact", async () => (await import("./store-compact.ts")).compact],
  ["rotate-secret", async () => (await import("./rotate-secret.ts")).rotate],
]);

/** What follows an action that takes two words. */
const twoWords = new Map([
  ["backup", "DIR FILE"],
  ["restore", "FILE DIR"],
  ["copy", "FROM TO"],
]);

/** An option that is given although it belongs to other words. A variable may be set for those. */
function foreignOption({ words: [word = ""], values, sources }: Call): string | undefined {
  if (word !== "rotate-secret" && values.now) return "--now";
  if (word !== "backup" && values.noSecrets) return "--no-secrets";
  // backup and restore say what to use for a database.
  if (!["check", "backup", "restore"].includes(word) && sources.store === "flag") return "--store";
  return word === "rotate-secret" && sources.ledgerKey === "flag" ? "--ledger-key" : undefined;
}

/** The actions of `store`, for operators of a server. */
export async function store(call: Call): Promise<number> {
  const { words, program } = call;
  const [word] = words;
  const action = actions.get(word ?? "");
  const foreign = foreignOption(call);
  if (action && foreign !== undefined)
    throw new ClientError("usage", `store ${word} has no option ${foreign}.`, {
      hint: `See: ${program.name} store --help`,
    });
  if (action) return (await action())(call);
  const close = word === undefined ? undefined : nearest(word, [...actions.keys()]);
  const message =
    word === undefined
      ? "store needs a word: check, backup, restore, copy, compact or rotate-secret."
      : `store does not know ${JSON.stringify(repeatable(word))}.`;
  throw new ClientError("usage", message, {
    hint: `${close === undefined ? "For instance" : "Did you mean"}: ${program.name} store ${close ?? "check"} ${twoWords.get(close ?? "") ?? repeatable(words[1] ?? "/srv/ai-chat")}`,
  });
}
