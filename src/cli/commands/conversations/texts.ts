import type { Conversations } from "../../../client/conversations/conversations.ts";
import {
  toJson,
  toMarkdown,
  versionsToJson,
  versionsToMarkdown,
} from "../../../client/conversations/export.ts";
import type { Call } from "../../argv/call.ts";

/** The conversation as text, in one of two formats. */
export async function texts({ values }: Call, conversations: Conversations, id: string) {
  if (values.versions) {
    const tree = await conversations.readTree(id);
    return { json: () => versionsToJson(tree), markdown: () => versionsToMarkdown(tree) };
  }
  const conversation = await conversations.read(id);
  return { json: () => toJson(conversation), markdown: () => toMarkdown(conversation) };
}
