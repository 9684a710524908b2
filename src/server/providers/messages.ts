import type { Message } from "../core/ports.ts";

/** Merges neighbours of one role and drops empty messages: the templates of some models refuse them. */
export function mergeMessages(messages: Message[]): Message[] {
  const merged: Message[] = [];
  for (const { role, content } of messages) {
    const last = merged.at(-1);
    if (content.trim() === "") continue;
    if (last?.role === role) last.content += `\n\n${content}`;
    else merged.push({ role, content });
  }
  return merged;
}
