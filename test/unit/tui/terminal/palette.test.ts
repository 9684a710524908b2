import { describe, expect, it } from "vitest";
import { sgrOf, styles, type Palette } from "../../../../src/tui/terminal/palette.ts";

const names = Object.values(styles).filter((name) => name !== "");

/** Backgrounds of common themes: black, VS Code, One Dark, Nord, Solarized Dark; white, One Light, Solarized Light. */
const BACKGROUNDS = {
  dark: ["#000000", "#1e1e1e", "#282c34", "#2e3440", "#002b36"],
  light: ["#ffffff", "#fafafa", "#fdf6e3"],
} as const;

/** Red, green and blue of one of xterm's colours 16 to 231. */
function cube(index: number): number[] {
  const level = (step: number) => (step === 0 ? 0 : 55 + 40 * step);
  const at = index - 16;
  return [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map(level);
}

/** Relative luminance and contrast of WCAG 2. */
function luminance(rgb: number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(one: number[], other: number[]): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe("the palettes", () => {
  it.each(["dark", "light"] as const)("can be read on %s backgrounds", (palette) => {
    for (const name of names) {
      const [, index] = /^38;5;(\d+)$/.exec(sgrOf(name, palette)) ?? [];
      if (index === undefined) continue;
      for (const background of BACKGROUNDS[palette]) {
        const rgb = [1, 3, 5].map((at) => Number.parseInt(background.slice(at, at + 2), 16));
        expect(contrast(cube(Number(index)), rgb), `${name} on ${background}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it.each(["ansi", "dark", "light"] as const satisfies Palette[])(
    "%s has no bright black, and dim is dim",
    (palette) => {
      for (const name of names) expect(sgrOf(name, palette), name).toMatch(/^([1-479]|3[1-6]|38;5;\d+)$/);
      expect(sgrOf(styles.dim, palette)).toBe("2");
    },
  );

  it("joins the names of a style", () => {
    expect(sgrOf(`${styles.bold};${styles.heading}`, "ansi")).toBe("1;35");
  });

  it("gives a heading another colour than a question", () => {
    for (const palette of ["ansi", "dark", "light"] as const)
      expect(sgrOf(styles.heading, palette)).not.toBe(sgrOf(styles.question, palette));
  });
});
