import { cutWords } from "../../protocol/cut-words.ts";
import { printableJson } from "../../text/sanitize.ts";
import { imagesFolder } from "./images.ts";
import type { Conversation, WholeTree } from "./reader.ts";
import type { SavedTurn } from "./saved-turn.ts";
import type { Summary } from "./summary.ts";
import { depthFirst, depthsOf, pathTo, versionsOf, type TreeTurn } from "./tree.ts";

const time = (milliseconds: number) => new Date(milliseconds).toISOString();

/**
 * `conversations export --format json`: one document, ended by a newline; unknown values are null
 * (docs/cli.md#json-documents).
 */
export function toJson({ exchanges, ...conversation }: Conversation): string {
  return document(
    conversation,
    exchanges.map((turn) => turnDocument(conversation.id, turn)),
  );
}

/** The same with all versions of turns, in the order in which they ended. */
export function versionsToJson(tree: WholeTree): string {
  const shown = new Set(pathTo(tree, tree.head).map(({ id }) => id));
  const turns = tree.turns.map((turn) => ({
    id: turn.id,
    parent: turn.parent,
    shown: shown.has(turn.id),
    ...turnDocument(tree.conversation.id, turn),
  }));
  return document(tree.conversation, turns);
}

const turnDocument = (id: string, turn: SavedTurn) => ({
  question: turn.question,
  answer: turn.answer,
  stopped: turn.stopped,
  tokens_deducted: turn.tokensDeducted,
  model: turn.model,
  finish: turn.finish ?? null,
  images: (turn.images ?? []).map(({ name, media_type, file }) => ({
    name,
    media_type,
    file: `${imagesFolder(id)}/${file}`,
  })),
  at: time(turn.at),
});

function document({ id, title, server, username, createdAt, updatedAt }: Summary, turns: object[]): string {
  const times = { created_at: time(createdAt), updated_at: time(updatedAt) };
  return `${printableJson({ id, title, server, username, ...times, turns }, 2)}\n`;
}

const literal = (text: string) => text.replaceAll(/[\\`*_[\]<>#]/g, "\\$&");
const quoted = (text: string) => text.trimEnd().replaceAll(/^/gm, "> ").replaceAll(/ $/gm, "");

/** The code fence that an answer leaves open: without its end, all that follows would be code. */
function openFence(answer: string): string | undefined {
  let open: string | undefined;
  for (const line of answer.split("\n")) {
    const [, fence, rest] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence === undefined) continue;
    if (open === undefined) open = fence.startsWith("`") && rest?.includes("`") === true ? undefined : fence;
    else if (fence.startsWith(open) && rest?.trim() === "") open = undefined;
  }
  return open;
}

function exchange({ question, answer, stopped, finish }: SavedTurn): string {
  const fence = openFence(answer);
  const whole = answer.trimEnd() + (fence === undefined ? "" : `\n${fence}`);
  const ended = stopped ? "stopped" : cutWords(finish);
  return [quoted(question), whole, ended && `*${ended}*`].filter(Boolean).join("\n\n");
}

/**
 * `conversations export --format md`: a heading, server, user and day, each question as a quotation, each answer as its
 * Markdown. Answers are as the server sent them, with control sequences.
 */
export function toMarkdown({ exchanges, ...conversation }: Conversation): string {
  return markdown(conversation, exchanges.map(exchange));
}

/** The same with all versions of turns, each with what follows it. Above each stands which one it is. */
export function versionsToMarkdown(tree: WholeTree): string {
  const shown = new Set(pathTo(tree, tree.head).map(({ id }) => id));
  const names = versionNames(tree);
  const parts = depthFirst(tree).map((turn) => {
    const after = turn.parent === null ? "" : `, after ${names.get(turn.parent) ?? ""}`;
    return `*${names.get(turn.id) ?? ""}${after}${shown.has(turn.id) ? "" : ", not shown"}*\n\n${exchange(turn)}`;
  });
  return markdown(tree.conversation, parts);
}

/** By the id of a turn: `turn 5`, or `turn 5.2` for its second version. */
function versionNames(tree: WholeTree): Map<string, string> {
  const depths = depthsOf(tree);
  const nameOf = (turn: TreeTurn) => {
    const versions = versionsOf(tree, turn);
    const version = versions.length > 1 ? `.${versions.indexOf(turn) + 1}` : "";
    return `turn ${depths.get(turn.id)}${version}`;
  };
  return new Map(tree.turns.map((turn) => [turn.id, nameOf(turn)]));
}

function markdown({ id, title, server, username, createdAt }: Summary, parts: string[]): string {
  const who = username === null ? server : `${username} at ${server}`;
  const day = time(createdAt).slice(0, 10);
  const head = `# ${literal(title)}\n\n${literal(who)}, ${day}, conversation ${id}`;
  return `${[head, ...parts].join("\n\n---\n\n")}\n`;
}
