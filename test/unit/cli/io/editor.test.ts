import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { editText } from "../../../../src/cli/io/editor.ts";

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-editor-"))));
afterAll(() => rm(dir, { recursive: true }));

/** An editor that is a program of ours. */
async function editorThat(code: string): Promise<string> {
  const file = join(dir, `${code.length}.mjs`);
  await writeFile(file, `import * as fs from "node:fs"; const file = process.argv[2]; ${code}`);
  return `${process.execPath} ${file}`;
}

describe("an editor", () => {
  it("gets the text in a file of its own, and what it leaves there is the text then", async () => {
    const editor = await editorThat(`fs.appendFileSync(file, " and more");`);
    expect(editText(editor, "typed")).toEqual({ kind: "text", text: "typed and more" });
  });

  it("that isn't set, isn't there, fails, or takes the file away, is each told apart", async () => {
    expect(editText("  ", "typed")).toEqual({ kind: "unset" });
    expect(editText("./no-such-editor -w", "typed")).toEqual({
      kind: "missing",
      command: "./no-such-editor",
    });
    expect(editText(await editorThat("process.exit(3);"), "typed")).toEqual({
      kind: "failed",
      end: "exit code 3",
    });
    expect(editText(await editorThat(`process.kill(process.pid, "SIGKILL");`), "typed")).toEqual({
      kind: "failed",
      end: "SIGKILL",
    });
    expect(editText(await editorThat("fs.rmSync(file);"), "typed")).toEqual({ kind: "unreachable" });
  });
});
