import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Programs that make a PNG of an SVG, the better ones first. `size`: of the SVG, in pixels.
 * @type {readonly { name: string, args: (svg: string, png: string, size: readonly [number, number], folder: string) => string[] }[]}
 */
const tools = [
  { name: "rsvg-convert", args: (svg, png) => ["--zoom", "2", "--output", png, svg] },
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => ({
    name,
    args: (
      /** @type {string} */ svg,
      /** @type {string} */ png,
      /** @type {readonly [number, number]} */ [width, height],
      /** @type {string} */ folder,
    ) => [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--force-device-scale-factor=2",
      `--user-data-dir=${folder}`,
      `--window-size=${width},${height}`,
      `--screenshot=${png}`,
      pathToFileURL(svg).href,
    ],
  })),
];

/** The first of the tools that is installed; undefined if none is. */
export const findTool = () => tools.find(({ name }) => spawnSync(name, ["--version"]).error === undefined);

export const wantedTools = tools.map(({ name }) => name).join(", ");

/**
 * Makes a PNG with twice the SVG's pixels. Throws if the tool fails.
 * @param {(typeof tools)[number]} tool
 * @param {string} svg file
 * @param {string} png file
 * @param {readonly [number, number]} size
 */
export function rasterize(tool, svg, png, size) {
  const folder = mkdtempSync(join(tmpdir(), "ai-chat-picture-"));
  try {
    const { status, stderr } = spawnSync(tool.name, tool.args(svg, png, size, folder), { encoding: "utf8" });
    if (status !== 0) throw new Error(`${tool.name} failed with ${status}: ${stderr.slice(-500)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
