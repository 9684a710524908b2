import { isNameOf } from "../client/account-name.ts";
import type { Turn } from "../protocol/bodies.ts";
import { KEY_LIFETIME_MS } from "../protocol/limits.ts";
import { grouped } from "../text/numbers.ts";
import { contextOf, type Pending } from "./pending.ts";
import { isSameRole } from "./role.ts";
import type { Room } from "./room.ts";
import { imagesIn } from "./sent-images.ts";
import { resumable } from "./state.ts";

/** A question that is about to be sent, with the turns before it. */
export function pendingOn(
  room: Room,
  { message, key, model }: Pick<Pending, "message" | "key"> & { model: string | undefined },
  before: readonly Turn[],
): Pending {
  const { username, role } = room.state();
  return {
    message,
    key,
    server: room.name,
    username,
    conversation: resumable(room.state()),
    context: contextOf(before, message),
    model,
    images: imagesIn(room, message).length || undefined,
    role,
    at: room.wallClock(),
  };
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
