import { cutWords } from "../../protocol/cut-words.ts";
import { printableJson } from "../../text/sanitize.ts";
import type { SavedTurn } from "./saved-turn.ts";
import type { Summary } from "./summary.ts";

/** A whole conversation, turns oldest first. */
export interface Conversation extends Summary {
  exchanges: SavedTurn[];
}

const time = (milliseconds: number) => new Date(milliseconds).toISOString();

/**
 * `conversations export --format json`: one document, ended by a newline; unknown values are null
 * (docs/cli.md#json-documents).
 */
export function toJson(conversation: Conversation): string {
  const { id, title, server, username, createdAt, updatedAt, exchanges } = conversation;
  const turns = exchanges.map((turn) => ({
    question: turn.question,
    answer: turn.answer,
    stopped: turn.stopped,
    tokens_deducted: turn.tokensDeducted,
    model: turn.model,
    finish: turn.finish ?? null,
    at: time(turn.at),
  }));
  const document = {
    id,
    title,
    server,
    username,
    created_at: time(createdAt),
    updated_at: time(updatedAt),
    turns,
  };
  return `${printableJson(document, 2)}\n`;
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
export function toMarkdown(conversation: Conversation): string {
  const { id, title, server, username, createdAt, exchanges } = conversation;
  const who = username === null ? server : `${username} at ${server}`;
  const day = time(createdAt).slice(0, 10);
  const head = `# ${literal(title)}\n\n${literal(who)}, ${day}, conversation ${id}`;
  return `${[head, ...exchanges.map(exchange)].join("\n\n---\n\n")}\n`;
}
