import { createHash } from "node:crypto";
import { historyFor } from "../client/conversations/fitting-history.ts";
import type { Role } from "../client/conversations/record.ts";
import type { Turn } from "../protocol/bodies.ts";
import { isRecord } from "../text/loose-json.ts";

/** A question whose end is not known yet, with what it takes to ask it again under its key in another session. */
export interface Pending {
  message: string;
  key: string;
  /** The server as in `-s`, and the account. */
  server: string;
  username: string | null;
  /** The saved conversation that holds the turns before it; undefined if there were none. */
  conversation?: string;
  /** A digest of those turns as they were sent. */
  context: string;
  /** The model that it named. */
  model?: string;
  /** How many images it has; undefined for none. */
  images?: number;
  /** The role that it had. */
  role?: Role;
  /** When it was sent, in milliseconds since the epoch. */
  at: number;
}

/** What a file holds, if it is one. */
export function pendingOf(value: unknown): Pending | undefined {
  if (!isRecord(value)) return undefined;
  const { message, key, server, username, conversation, context, model, images = 0, role, at } = value;
  const isText = (text: unknown) => typeof text === "string";
  const isTextOrNone = (text: unknown) => text === undefined || isText(text);
  const isPending =
    [message, key, server, context].every(isText) &&
    (username === null || isText(username)) &&
    [conversation, model].every(isTextOrNone) &&
    (role === undefined || (isRecord(role) && isText(role.name) && isText(role.instructions))) &&
    [images, at].every(Number.isSafeInteger);
  return isPending ? (value as unknown as Pending) : undefined;
}

export function contextOf(before: readonly Turn[], message: string): string {
  return createHash("sha256")
    .update(JSON.stringify(historyFor(before, message)))
    .digest("hex");
}
