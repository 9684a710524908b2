import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Opens an editor (a command with its arguments, such as `code --wait`) on the text and waits for its end. Undefined
 * where it couldn't be started or said that it failed. The file is readable by this user alone and gone afterwards.
 */
export function editText(command: string, text: string): string | undefined {
  const [program, ...args] = command.trim().split(/\s+/);
  if (program === undefined || program === "") return undefined;
  const dir = mkdtempSync(join(tmpdir(), "ai-chat-"));
  try {
    const file = join(dir, "question.md");
    writeFileSync(file, text, { mode: 0o600 });
    const heed = ignoreInterrupts();
    const { status, error } = spawnSync(program, [...args, file], { stdio: "inherit" });
    heed();
    return error === undefined && status === 0 ? readFileSync(file, "utf8") : undefined;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Ctrl-C in an editor that leaves the terminal's keys as they are is sent to us as well, but meant for the editor. */
function ignoreInterrupts(): () => void {
  const ours = process.listeners("SIGINT");
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  for (const listener of ours) process.off("SIGINT", listener);
  const heed = () => {
    for (const listener of ours) process.on("SIGINT", listener);
    process.off("SIGINT", ignore);
  };
  // What came meanwhile is delivered when Node polls next, after the first of them at the latest.
  return () => void setImmediate(() => setImmediate(heed));
}
