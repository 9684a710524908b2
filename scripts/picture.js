// Makes pictures of the session from what the built program writes to a terminal.
//   node scripts/picture.js            bench/session.svg, the picture in README.md
//   node scripts/picture.js FOLDER     each scene on a dark, a light and a Solarized background, as SVG and PNG
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backgrounds } from "./pictures/backgrounds.js";
import { findTool, rasterize, wantedTools } from "./pictures/rasterize.js";
import { replies, scenes, session } from "./pictures/scenes.js";
import { pictureOf } from "./pictures/svg.js";
import { openTerminal } from "./pictures/terminal.js";
import { openUpstream } from "./pictures/upstream.js";

const newHome = () => mkdtemp(join(tmpdir(), "ai-chat-picture-"));
const upstream = await openUpstream((question) => replies[question] ?? { says: "Yes." });

/** @param {string} home */
const environmentOf = (home) => ({
  PATH: process.env.PATH ?? "",
  HOME: home,
  LANG: "C.UTF-8",
  AI_CHAT_API_KEY: "picture",
  AI_CHAT_BASE_URL: upstream.url,
  AI_CHAT_MODEL: "gpt-4o-mini",
  AI_CHAT_BCRYPT_COST: "4",
});

/**
 * The picture of a scene.
 * @param {import("./pictures/scenes.js").Scene} scene
 * @param {string} home
 * @param {import("./pictures/backgrounds.js").Background} background
 */
async function picture({ title, columns = 84, rows = 24, args, env, play }, home, background) {
  const terminal = openTerminal({
    env: { ...environmentOf(home), ...env },
    columns,
    rows,
    args,
    background,
  });
  try {
    await play(terminal);
    await terminal.calm();
    return pictureOf(terminal.term, title, background);
  } finally {
    await terminal.end();
  }
}

/** Each scene on each background; one home for all of them, but for those that need a new one. */
async function all(/** @type {string} */ folder) {
  await mkdir(folder, { recursive: true });
  const tool = findTool();
  for (const [name, background] of Object.entries(backgrounds)) {
    let home = await newHome();
    for (const scene of scenes) {
      if (scene.isNew) {
        await rm(home, { recursive: true, force: true });
        home = await newHome();
      }
      const svg = await picture(scene, home, background);
      const file = join(folder, `${scene.name}-${name}`);
      await writeFile(`${file}.svg`, svg);
      const size = /** @type {const} */ ([width(svg), height(svg)]);
      if (tool !== undefined) rasterize(tool, `${file}.svg`, `${file}.png`, size);
      console.log(`${file}.${tool === undefined ? "svg" : "png"}`);
    }
    await rm(home, { recursive: true, force: true });
  }
  if (tool === undefined)
    console.error(`No PNG: none of ${wantedTools} is installed. The SVG files are complete.`);
}

const width = (/** @type {string} */ svg) => Number(/width="(\d+)"/.exec(svg)?.[1]);
const height = (/** @type {string} */ svg) => Number(/height="(\d+)"/.exec(svg)?.[1]);

const [folder] = process.argv.slice(2);
try {
  if (folder === undefined) {
    const home = await newHome();
    await writeFile("bench/session.svg", await picture(session, home, backgrounds.dark));
    await rm(home, { recursive: true, force: true });
    console.log("bench/session.svg");
  } else await all(folder);
} finally {
  upstream.close();
}
