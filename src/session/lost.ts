import { createHash } from "node:crypto";
import { isNameOf } from "../client/account-name.ts";
import { historyFor } from "../client/conversations/fitting-history.ts";
import type { Role } from "../client/conversations/record.ts";
import type { Turn } from "../protocol/bodies.ts";
import { KEY_LIFETIME_MS } from "../protocol/limits.ts";
import { grouped } from "../text/numbers.ts";
import { isRecord } from "../text/loose-json.ts";
import { isSameRole } from "./role.ts";
import type { Room } from "./room.ts";

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

/** Whether the session is at the server and the account that the question was sent to. */
export function isOwn({ server, username }: Pending, room: Room): boolean {
  return server === room.name && isNameOf(room.state(), username);
}

/**
 * Returns a question to the user whose session was killed during its answer (docs/session.md#leaving). Sent again, it has
 * its key if the server still knows that, and the same turns stand before it.
 */
export async function offerAgain(pending: Pending, room: Room): Promise<void> {
  const { message, key, context, model, role, at } = pending;
  const { turns, last, conversation, role: now } = room.state();
  const isThere = isOwn(pending, room) && pending.conversation === conversation;
  // The second one: it was to replace the last question.
  const known = [turns, last?.before].find((before) => before && contextOf(before, message) === context);
  const offer = await room.client.offer();
  const isFresh = room.wallClock() - at < KEY_LIFETIME_MS && offer.extensions.has("idempotency");
  const hasImages = room.images.in(message).length === (pending.images ?? 0);
  // The role of a conversation that is not saved is known from here alone.
  const isUnsaved = conversation === undefined && room.role?.isAsked !== true;
  const hasRole = isUnsaved || isSameRole(role, now);
  const isSame = isThere && isFresh && known !== undefined && hasImages && hasRole;
  const price = room.state().price ?? offer.price;
  const question = isSame
    ? { before: known, key, model, role }
    : { before: turns, key: room.newKey(), role: now };
  room.dispatch({ type: "lost", message, ...question });
  room.note(
    "warn",
    "A session ended in the middle of the answer to this question.",
    `It may have cost ${price === null ? "a question" : grouped(price)}; ` +
      (isSame
        ? `${room.again(message)} sends it again and is not charged twice.`
        : "sent again, it costs that again."),
    ...(hasImages ? [] : ["Its images are gone: add them again."]),
  );
  room.say({ type: "giveBack", text: message });
}
