import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openConversations } from "../../../../src/client/conversations/conversations.ts";
import type { Handle, OpenFile } from "../../../../src/client/conversations/open-file.ts";
import type { NewTurn } from "../../../../src/client/conversations/saved-turn.ts";

export const jane = { server: "https://chat.example.org", username: "Jane" };

/** A turn whose question and answer tell its name. */
export const turn = (name: string, rest: Partial<NewTurn> = {}): NewTurn => ({
  question: `${name}?`,
  answer: `${name}!`,
  tokensDeducted: 100,
  model: "demo",
  ...rest,
});

/** A folder of its own for one test, and everything that conversations in it said went wrong. */
export async function createPlace() {
  const root = await mkdtemp(join(tmpdir(), "ai-chat-conversations-"));
  const dir = join(root, "data", "conversations");
  const problems: string[] = [];
  // Each look at the clock is a second later; it never runs ahead of the one that stamps files.
  let clock = Date.now() - 10_000_000;
  return {
    root,
    dir,
    problems,
    file: (id: string) => join(dir, `${id}.jsonl`),
    text: (id: string) => readFile(join(dir, `${id}.jsonl`), "utf8"),
    conversations: (openFile?: OpenFile) =>
      openConversations({
        dir,
        now: () => (clock += 1000),
        onProblem: (why) => problems.push(why),
        open: openFile,
      }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** A real file whose calls go through `around`, which may delay, count or change them. */
export function openThrough(around: (handle: Handle) => Partial<Handle>): OpenFile {
  return async (path, flags, mode) => {
    const handle = await open(path, flags, mode);
    const plain: Handle = {
      read: handle.read.bind(handle),
      write: handle.write.bind(handle),
      stat: handle.stat.bind(handle),
      chmod: handle.chmod.bind(handle),
      datasync: handle.datasync.bind(handle),
      close: handle.close.bind(handle),
    };
    return { ...plain, ...around(plain) };
  };
}
