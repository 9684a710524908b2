import xterm from "@xterm/headless";
import { expect, it } from "vitest";
import { backgrounds } from "../../../scripts/pictures/backgrounds.js";
import { pictureOf } from "../../../scripts/pictures/svg.js";

async function pictured(text: string, background: keyof typeof backgrounds): Promise<string> {
  const terminal = new xterm.Terminal({ cols: 20, rows: 3, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  return pictureOf(terminal, "a < b", backgrounds[background]);
}

it("keeps the spaces between columns, which some renderers take together", async () => {
  expect(await pictured("\x1b[7mone two   three\x1b[0m", "dark")).toContain(
    ">one two\u00a0\u00a0\u00a0three<",
  );
});

it("shows the colours of the background, and what is inverse, dim and underlined", async () => {
  const text = "\x1b[31mred\x1b[0m \x1b[7mchosen\x1b[0m \x1b[2;4mdim & low\x1b[0m";
  for (const name of ["dark", "light", "solarized"] as const) {
    const { back, text: usual, palette } = backgrounds[name];
    expect(palette).toHaveLength(16);
    const svg = await pictured(text, name);
    expect(svg).toContain("<title>a &lt; b</title>");
    expect(svg).toContain(`height="100%" rx="8" fill="${back}"`);
    expect(svg).toMatch(new RegExp(`fill="${palette[1]}">red<`));
    // Four cells from the left: a box in the colour of text, and the letters in that of the background.
    expect(svg).toContain(`<rect x="49.6" y="16" width="50.4" height="18" fill="${usual}"/>`);
    expect(svg).toMatch(new RegExp(`fill="${back}">chosen<`));
    expect(svg).toMatch(/opacity="0.6" text-decoration="underline">dim &amp; low</);
  }
});
