import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Edited } from "../../tui/options.ts";

/**
 * Opens the editor (a command with arguments, such as `code --wait`) on the text and waits until it exits. The file is
 * readable only by this user and deleted afterwards.
 */
export function editText(command: string, text: string): Edited {
  const dir = newFolder();
  if (dir === undefined) return { kind: "unreachable" };
  try {
    const file = join(dir, "question.md");
    writeFileSync(file, text, { mode: 0o600 });
    return editFile(command, file);
  } catch {
    return { kind: "unreachable" };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Opens the editor on a file and waits until it exits; the text is that of the file then. */
export function editFile(command: string, file: string): Edited {
  const [program, ...args] = command.trim().split(/\s+/);
  if (program === undefined || program === "") return { kind: "unset" };
  try {
    // Not imported: the session needs it late, or never.
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    const { status, signal, error } = ignoringInterrupts(() =>
      spawnSync(program, [...args, file], { stdio: "inherit" }),
    );
    if (error !== undefined) return { kind: "missing", command: program };
    if (status !== 0) return { kind: "failed", end: signal ?? `exit code ${status}` };
    return { kind: "text", text: readFileSync(file, "utf8") };
  } catch {
    return { kind: "unreachable" };
  }
}

function newFolder(): string | undefined {
  try {
    return mkdtempSync(join(tmpdir(), "ai-chat-"));
  } catch {
    return undefined;
  }
}

/** Runs `work` with SIGINT ignored: while an editor runs, the terminal sends Ctrl-C to this process too. */
function ignoringInterrupts<T>(work: () => T): T {
  const ours = process.listeners("SIGINT");
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  for (const listener of ours) process.off("SIGINT", listener);
  const restore = () => {
    for (const listener of ours) process.on("SIGINT", listener);
    process.off("SIGINT", ignore);
  };
  try {
    return work();
  } finally {
    // Node delivers a pending signal at its next poll, which comes before the second setImmediate callback.
    setImmediate(() => setImmediate(restore));
  }
}
