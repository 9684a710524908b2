import { array, assert, nat, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { createRepeat } from "../../../src/session/repeat.ts";

/** What is shown of an answer that comes in these pieces, and what is shown anew. */
function repeated(shown: string, pieces: string[]) {
  const repeat = createRepeat(shown);
  let text = shown;
  let anew = 0;
  const parts = [...pieces.map((piece) => repeat.take(piece)), repeat.end(pieces.join(""))];
  for (const part of parts) {
    if (part.kind === "more") text += part.text;
    if (part.kind === "other") {
      text = part.text;
      anew += 1;
    }
  }
  return { text, anew };
}

const pieces = array(string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });

describe("an answer that comes a second time", () => {
  it("goes on where the first was cut off, whatever the pieces are", () => {
    assert(
      property(pieces, nat(), (all, cut) => {
        const answer = all.join("");
        const shown = answer.slice(0, 1 + (cut % answer.length));
        expect(repeated(shown, all)).toEqual({ text: answer, anew: 0 });
      }),
    );
  });

  it("is shown from its start if it is another one, also a shorter one", () => {
    assert(
      property(pieces, string({ minLength: 1 }), (all, shown) => {
        const answer = all.join("");
        expect(repeated(shown, all)).toEqual({ text: answer, anew: answer.startsWith(shown) ? 0 : 1 });
      }),
    );
  });

  it("is compared as a whole if it comes in one piece at its end", () => {
    expect(createRepeat("Hel").end("Hello")).toEqual({ kind: "more", text: "lo" });
    expect(createRepeat("Hello").end("Hello")).toEqual({ kind: "known" });
    expect(createRepeat("Hello").end("Hel")).toEqual({ kind: "other", text: "Hel" });
  });
});
