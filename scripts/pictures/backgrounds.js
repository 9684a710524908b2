/**
 * How a terminal shows its default colours and the 16 of its palette.
 * @typedef {{ back: string, text: string, palette: readonly string[] }} Background
 */

const colors = (/** @type {string[]} */ ...rows) => rows.flatMap((row) => row.split(" "));

/** @type {Record<"dark" | "light" | "solarized", Background>} */
export const backgrounds = {
  dark: {
    back: "#16181d",
    text: "#d7dae0",
    palette: colors(
      "#3b4048 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #d7dae0",
      "#7f848e #ef7a83 #a9d389 #f0cd8c #74bcf7 #d38ce8 #67c5d1 #ffffff",
    ),
  },
  light: {
    back: "#ffffff",
    text: "#333333",
    palette: colors(
      "#000000 #cd3131 #107c10 #949800 #0451a5 #bc05bc #0598bc #555555",
      "#666666 #cd3131 #14ce14 #b5ba00 #0451a5 #bc05bc #0598bc #a5a5a5",
    ),
  },
  // Ethan Schoonover's. Its bright black is the background.
  solarized: {
    back: "#002b36",
    text: "#839496",
    palette: colors(
      "#073642 #dc322f #859900 #b58900 #268bd2 #d33682 #2aa198 #eee8d5",
      "#002b36 #cb4b16 #586e75 #657b83 #839496 #6c71c4 #93a1a1 #fdf6e3",
    ),
  },
};
