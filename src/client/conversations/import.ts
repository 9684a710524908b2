import { isRecord } from "../../text/loose-json.ts";
import type { Unplaced } from "./placing.ts";
import { titleOf } from "./title.ts";

/** A turn of a document that `export` wrote. */
export interface ImportedTurn {
  question: string;
  answer: string;
  stopped: boolean;
  tokensDeducted: number | null;
  model: string | null;
  finish: string | null;
  at: string;
  /** The place of the turn that it follows among the turns; null for a first one. */
  follows: number | null;
}

/** A document that `export` wrote, checked. */
export interface Imported {
  id: string;
  title: string;
  server: string;
  username: string | null;
  createdAt: string;
  turns: ImportedTurn[];
  /** The place of the turn behind which the conversation goes on. */
  head: number;
}

/** Why a document can't be imported; `message` goes on after the name of its file and a colon. */
export class NotImportable extends Error {}

type Fields = Record<string, unknown>;

const wrong = (where: string, what: string): never => {
  throw new NotImportable(`${where} ${what}.`);
};

const isText = (value: unknown): value is string => typeof value === "string";
const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value));
const isTokens = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function filled(fields: Fields, name: string, where = name): string {
  const value = fields[name];
  return isText(value) && value.trim() !== "" ? value : wrong(where, "is missing, or not text");
}

/** A field that is null or missing where it is not known. */
function orNull<T>(
  value: unknown,
  where: string,
  is: (value: unknown) => value is T,
  what: string,
): T | null {
  return value === undefined || value === null ? null : is(value) ? value : wrong(where, what);
}

function time(value: unknown, where: string): string {
  return isTime(value) ? new Date(value).toISOString() : wrong(where, "is no time");
}

/** `places`: of the turns before it, by their IDs; undefined if the document has only those that were shown. */
function turnOf(value: unknown, at: number, places: Map<string, number> | undefined): ImportedTurn {
  const where = `turns[${at}]`;
  if (!isRecord(value)) return wrong(where, "is no object");
  const { answer, parent } = value;
  const follows = places === undefined ? at - 1 : isText(parent) ? (places.get(parent) ?? -2) : -1;
  if (follows === -2 || (places !== undefined && parent === undefined))
    wrong(`${where}.parent`, "is no turn before it");
  return {
    question: filled(value, "question", `${where}.question`),
    answer: isText(answer) ? answer : wrong(`${where}.answer`, "is missing, or not text"),
    stopped: value.stopped === true,
    tokensDeducted: orNull(
      value.tokens_deducted,
      `${where}.tokens_deducted`,
      isTokens,
      "is no number of tokens",
    ),
    model: orNull(value.model, `${where}.model`, isText, "is not text"),
    finish: orNull(value.finish, `${where}.finish`, isText, "is not text"),
    at: time(value.at, `${where}.at`),
    follows: follows < 0 ? null : follows,
  };
}

/** Checks what `conversations export --json` wrote, with or without `--versions`. Throws `NotImportable`. */
export function importedFrom(document: unknown): Imported {
  if (!isRecord(document)) throw new NotImportable("it is no exported conversation.");
  const { turns: listed, created_at } = document;
  if (!Array.isArray(listed) || listed.length === 0)
    throw new NotImportable("it is no exported conversation: it has no turns.");
  const all: unknown[] = listed;
  const ids = all.map((turn) => (isRecord(turn) && isText(turn.id) ? turn.id : undefined));
  const hasVersions = ids.some((id) => id !== undefined);
  const places = hasVersions ? new Map<string, number>() : undefined;
  const turns: ImportedTurn[] = [];
  for (const [at, value] of all.entries()) {
    turns.push(turnOf(value, at, places));
    const id = ids[at];
    if (places === undefined) continue;
    if (id === undefined || places.has(id)) wrong(`turns[${at}].id`, "is missing, or there twice");
    else places.set(id, at);
  }
  const shown = all.findLastIndex((turn) => isRecord(turn) && turn.shown === true);
  return {
    id: filled(document, "id"),
    title: titleOf(filled(document, "title")) || "untitled",
    server: filled(document, "server"),
    username: orNull(document.username, "username", isText, "is not text"),
    createdAt: time(created_at, "created_at"),
    turns,
    head: shown < 0 ? turns.length - 1 : shown,
  };
}

/** What the records of an import are made of. */
export interface Made {
  newId: () => string;
  /** When it is imported. */
  at: string;
  /** The session that does it; see `AskingRecord`. */
  by: string;
}

/** The records of a new file. */
export function recordsOf({ title, turns, head }: Imported, { newId, at, by }: Made): Unplaced[] {
  const ids = turns.map(newId);
  const idAt = (place: number | null) => (place === null ? null : ids[place]!);
  const records = turns.map(({ follows, tokensDeducted, finish, ...turn }, place): Unplaced => {
    const ended = finish === null ? {} : { finish };
    const said = { ...turn, tokens_deducted: tokensDeducted, ...ended };
    return { is: "turn", id: ids[place]!, ...said, parent: idAt(follows) };
  });
  const chosen: Unplaced = { is: "chosen", at, turn: ids[head]!, by };
  const isLast = head === turns.length - 1;
  return [{ is: "title", at, title }, ...records, ...(isLast ? [] : [chosen])];
}
