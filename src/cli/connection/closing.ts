import type { LocalServer } from "./local-server.ts";

/** Milliseconds of closing after which a note says what the program waits for. */
const NOTE_AFTER_MS = 2_000;

/** Closes the local server. Calls `note` if that takes longer than two seconds. */
export async function closeWithNote(
  server: Pick<LocalServer, "inFlight" | "close">,
  note: (sentence: string) => void,
): Promise<void> {
  const noteWait = () =>
    note(
      server.inFlight > 0
        ? "Waiting a few seconds for an answer to another session."
        : "Waiting a few seconds for your own server to close.",
    );
  const timer = setTimeout(noteWait, NOTE_AFTER_MS);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
  }
}
