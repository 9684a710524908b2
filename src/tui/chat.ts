import type { ChatEnd, ChatOptions } from "./options.ts";

/**
 * The session (docs/session.md), from its first line to its last. Resolves when the person has left; the terminal is
 * then as it was. Ink and React are loaded only for the drawn session, not for the line mode.
 */
export async function runChat(options: ChatOptions): Promise<ChatEnd> {
  if (options.plain) {
    const { runPlain } = await import("./plain/run-plain.ts");
    return runPlain(options);
  }
  const { runApp } = await import("./app/run-app.ts");
  return runApp(options);
}

/** Loads ahead what `runChat` needs. */
export async function loadChat(plain: boolean): Promise<void> {
  await (plain
    ? import("./plain/run-plain.ts")
    : Promise.all([import("./app/run-app.ts"), import("./app/draw.tsx")]));
}
