import { join } from "node:path";
import { ClientError } from "../../../client/failure.ts";
import { openConversations, type Conversations } from "../../../client/conversations/conversations.ts";
import type { Summary } from "../../../client/conversations/summary.ts";
import { createBlocksWriter } from "../../io/answer-writer.ts";
import type { Call } from "../../argv/call.ts";
import type { DeleteDocument, ListDocument, SearchDocument } from "./document.ts";
import { counted } from "../../../text/numbers.ts";
import { texts } from "./texts.ts";

type Action = (call: Call, conversations: Conversations, words: readonly string[]) => Promise<number | void>;

const ID = "ID";

function wrong(call: Call, message: string): ClientError {
  return new ClientError("usage", message, { hint: `See: ${call.program.name} conversations --help` });
}

function only(call: Call, words: readonly string[], wanted: string): string {
  const [word] = words;
  const usage = `conversations ${call.words[0]} ${wanted}`;
  if (word === undefined) throw wrong(call, `${wanted} is missing: ${usage}`);
  if (words.length > 1) throw wrong(call, `There are too many words. It is: ${usage}`);
  return word;
}

const documentOf = ({ id, title, server, username, updatedAt, turns, pinned }: Summary) => ({
  id,
  title,
  server,
  username,
  updated_at: new Date(updatedAt).toISOString(),
  turns,
  pinned,
});

/** Formats a time in the local time zone. */
function minuteOf(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

function rowOf({ id, title, server, username, updatedAt, turns, pinned }: Summary): string {
  const who = username === null ? server : `${username} at ${server}`;
  return `${id}  ${minuteOf(updatedAt)}  ${title}  (${pinned ? "pinned, " : ""}${counted(turns, "turn")}, ${who})`;
}

const list: Action = async (call, conversations, words) => {
  const { output, program } = call;
  if (words.length > 0) throw wrong(call, "There are too many words. It is: conversations list");
  const all = await conversations.list();
  if (output.json) return output.document(all.map(documentOf) satisfies ListDocument);
  if (all.length > 0) await output.line(all.map(rowOf).join("\n"));
  else output.note(`There are no saved conversations. The session saves them: ${program.name}`);
};

const show: Action = async (call, conversations, words) => {
  const { output, env, values } = call;
  const { id } = await conversations.find(only(call, words, ID));
  const { json, markdown } = await texts(call, conversations, id);
  if (output.json) return output.document(JSON.parse(json()));
  const text = markdown();
  if (!output.stdout.isTTY) return output.write(text);
  const writer = await createBlocksWriter(output, { env, theme: values.theme });
  await writer.done({ type: "done", response: text, tokensDeducted: null, tokens: null }, null);
};

const search: Action = async (call, conversations, words) => {
  const { output } = call;
  if (words.length === 0) throw wrong(call, "TEXT is missing: conversations search TEXT");
  const found: SearchDocument = [];
  for await (const { conversation, where, snippet, matches } of conversations.search(words.join(" "))) {
    found.push({ ...documentOf(conversation), where, snippet, matches });
    // Results are printed as they are found: a search can read thousands of conversations.
    if (!output.json) await output.line(`${rowOf(conversation)}\n          ${where}: ${snippet}`);
    if (call.signal.aborted) throw new ClientError("interrupted", "Interrupted.");
  }
  if (output.json) return output.document(found);
  if (found.length === 0) output.note("No saved conversation holds that.");
};

/** Exports the text unchanged, including control sequences from a server, because it is meant for a file. */
const exportIt: Action = async (call, conversations, words) => {
  const { output, values } = call;
  if (values.allConversations) {
    const folder = only(call, words, "--all DIR");
    return (await import("./export-all.ts")).exportAll(call, conversations, folder);
  }
  const { id } = await conversations.find(only(call, words, ID));
  const { json, markdown } = await texts(call, conversations, id);
  if (output.json || values.format === "json") return output.write(json());
  const text = markdown();
  if (output.stdout.isTTY) await output.line(text.trimEnd());
  else await output.write(text);
};

const importThem: Action = async (call, conversations, words) => {
  if (words.length === 0) throw wrong(call, "FILE is missing: conversations import FILE");
  return (await import("./import.ts")).importFiles(call, conversations, words);
};

const remove: Action = async (call, conversations, words) => {
  const { output } = call;
  const { id, title } = await conversations.find(only(call, words, ID));
  const result = await conversations.remove(id);
  if (!result.kept) throw new ClientError("internal", result.why, { hint: "Fix that, then try again." });
  if (output.json) return output.document({ id, title } satisfies DeleteDocument);
  output.note(`Deleted ${id}: ${title}`);
};

const actions = new Map<string, Action>([
  ["list", list],
  ["show", show],
  ["search", search],
  ["export", exportIt],
  ["import", importThem],
  ["delete", remove],
]);

/** `conversations`: manages the saved conversations of this machine. Makes no connection. */
export async function conversations(call: Call): Promise<number | void> {
  const { places, output, values, sources } = call;
  const [word = "", ...words] = call.words;
  const action = actions.get(word);
  const wanted = [...actions.keys()].join(", ");
  if (!action) throw wrong(call, `conversations ${word === "" ? "needs" : "takes"} one of: ${wanted}.`);
  if (values.versions && action !== show && action !== exportIt)
    throw wrong(call, "--versions goes with show and export.");
  if (values.allConversations && action !== exportIt) throw wrong(call, "--all goes with export.");
  if (sources.format !== "default" && action !== exportIt)
    throw wrong(call, "--format goes with export. For a document: --json");
  const saved = openConversations({
    dir: places.data === undefined ? undefined : join(places.data, "conversations"),
    now: Date.now,
    onProblem: output.note,
  });
  return action(call, saved, words);
}
