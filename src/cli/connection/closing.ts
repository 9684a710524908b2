import type { LocalServer } from "./local-server.ts";

/** Milliseconds after which leaving tells why it takes so long. */
const UNTOLD_MS = 2_000;

/**
 * Closes a server of one's own, whose own questions have ended by then; where that takes longer than a moment, `note`
 * is told what is waited for.
 */
export async function closeWithNote(
  server: Pick<LocalServer, "inFlight" | "close">,
  note: (sentence: string) => void,
): Promise<void> {
  const tell = () =>
    note(
      server.inFlight > 0
        ? "Waiting a few seconds for an answer to another session."
        : "Waiting a few seconds for your own server to close.",
    );
  const timer = setTimeout(tell, UNTOLD_MS);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
  }
}
