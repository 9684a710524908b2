import { grouped } from "../../text/numbers.ts";
import { createSanitizer, oneLine, plainText } from "../../text/sanitize.ts";
import type { Said } from "../../session/transcript.ts";
import { lineText } from "../line-text.ts";
import { glyphs } from "../markdown/display.ts";
import type { ChatOptions } from "../options.ts";
import { usageLines } from "../usage-lines.ts";

/**
 * Where line mode writes: answers on stdout, all else on stderr (docs/session.md#line-mode). Nothing is ever redrawn.
 */
export interface Paper {
  say(said: Said): void;
  /** Writes a prompt, at a terminal only. */
  prompt(text: string): void;
  line(text: string): void;
}

type Ends = Pick<ChatOptions, "stdin" | "stdout" | "stderr" | "terminal">;

/** Text for a terminal loses its control sequences; a pipe gets the answer's bytes as they came. */
export function createPaper({ stdin, stdout, stderr, terminal }: Ends): Paper {
  const fresh = () => (stdout.isTTY ? createSanitizer() : (text: string) => text);
  let clean = fresh();
  let last = "";

  const line = (text: string) => void stderr.write(`${plainText(text)}\n`);

  const delta = (text: string) => {
    const shown = clean(text);
    if (shown === "") return;
    stdout.write(shown);
    last = shown.slice(-1);
  };

  return {
    line,
    prompt(text) {
      if (stdin.isTTY && stderr.isTTY) stderr.write(text);
    },
    say(said) {
      if (said.type === "delta") delta(said.text);
      else if (said.type === "thinking") line("thinking");
      else if (said.type === "past") {
        line(`> ${said.question}`);
        line(said.answer);
        const ended = said.stopped ? "stopped" : said.cut;
        if (ended !== undefined) line(ended);
      } else if (said.type === "giveBack") {
        if (said.toEdit) line(`The next question is asked instead of: ${oneLine(said.text, 200)}`);
      } else if (said.type === "end") {
        if (last !== "" && last !== "\n") stdout.write("\n");
        last = "";
        clean = fresh();
      } else if (said.type === "usage") {
        const drawn = { columns: stderr.columns ?? 80, block: glyphs(terminal).block };
        for (const text of usageLines(said.used, drawn)) line(text);
      } else if (said.type === "cost") {
        const left = said.tokens === null ? [] : [`${grouped(said.tokens)} left`];
        const parts = [...said.spent, ...left];
        if (parts.length > 0) line(lineText(parts, terminal));
      } else if (said.type === "note") {
        const lines = said.lines.map((part) => lineText(part, terminal));
        const [first = "", ...rest] = lines;
        // An error is two lines: what went wrong, and what to do.
        for (const text of said.tone === "error" ? [first, rest.join(" ")] : lines)
          if (text !== "") line(text);
      }
    },
  };
}
