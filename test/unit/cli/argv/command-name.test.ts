import { expect, test } from "vitest";
import { commandName, type Started } from "../../../../src/cli/argv/command-name.ts";

interface Row extends Partial<Started> {
  /** Paths that are there. */
  files?: string[];
  /** What symbolic links lead to. */
  links?: Record<string, string>;
}

const clone = "/home/jane/clone";
const inClone = {
  program: `${clone}/dist/main.js`,
  files: [`${clone}/package.json`, `${clone}/node_modules`],
};
const opt = "/opt/ai-chat-system";
const inOpt = { program: `${opt}/dist/main.js`, files: [`${opt}/package.json`] };
const proj = "/home/jane/x";
const inProject = {
  program: `${proj}/node_modules/ai-chat-system/dist/main.js`,
  files: [
    `${proj}/package.json`,
    `${proj}/node_modules`,
    `${proj}/node_modules/.bin/ai-chat`,
    `${proj}/node_modules/ai-chat-system`,
  ],
};
const windows = { platform: "win32" as const, env: { PATH: "C:\\Windows;C:\\npm" } };

const rows: [where: string, row: Row, name: string][] = [
  [
    "installed globally",
    { script: "/usr/local/bin/ai-chat", program: "/usr/local/lib/node_modules/ai-chat-system/dist/main.js" },
    "ai-chat",
  ],
  [
    "installed where the shell does not look",
    {
      script: "/home/jane/.npm/bin/ai-chat",
      cwd: "/srv",
      program: "/home/jane/.npm/lib/node_modules/ai-chat-system/dist/main.js",
    },
    "/home/jane/.npm/bin/ai-chat",
  ],
  ["a symbolic link in the PATH", { ...inClone, script: "/usr/local/bin/ai-chat" }, "ai-chat"],
  ["a link of another name", { ...inClone, script: "/usr/local/bin/chat" }, "chat"],
  ["a link here", { ...inOpt, script: "/home/jane/chat", cwd: "/home/jane" }, "./chat"],
  [
    "npx ai-chat-system, from its cache",
    {
      script: "/home/jane/.npm/_npx/1a/node_modules/.bin/ai-chat",
      program: "/home/jane/.npm/_npx/1a/node_modules/ai-chat-system/dist/main.js",
    },
    "npx ai-chat-system",
  ],
  [
    "npx ai-chat in a clone, which links to it from its cache",
    { ...inClone, script: "/home/jane/.npm/_npx/1a/node_modules/.bin/ai-chat", cwd: clone },
    "npx ai-chat",
  ],
  [
    "npx FOLDER elsewhere",
    { ...inClone, script: "/home/jane/.npm/_npx/1a/node_modules/.bin/ai-chat", cwd: "/srv" },
    `node ${clone}/bin/ai-chat.js`,
  ],
  ["node in a clone", { ...inClone, script: `${clone}/bin/ai-chat.js`, cwd: clone }, "npx ai-chat"],
  [
    "in a folder below",
    { ...inClone, script: `${clone}/bin/ai-chat.js`, cwd: `${clone}/src/cli` },
    "npx ai-chat",
  ],
  [
    "in a package below, which has no such command",
    {
      ...inClone,
      script: `${clone}/bin/ai-chat.js`,
      cwd: `${clone}/bin`,
      files: [...inClone.files, `${clone}/bin/package.json`],
    },
    "node ai-chat.js",
  ],
  [
    "in the folder above",
    { ...inClone, script: `${clone}/bin/ai-chat.js`, cwd: "/home/jane" },
    "node clone/bin/ai-chat.js",
  ],
  [
    "a path from elsewhere",
    { ...inOpt, script: `${opt}/bin/ai-chat.js`, cwd: "/home/jane" },
    `node ${opt}/bin/ai-chat.js`,
  ],
  ["systemd, in /", { ...inOpt, script: `${opt}/bin/ai-chat.js`, cwd: "/" }, `node ${opt}/bin/ai-chat.js`],
  [
    "a path with spaces",
    { script: "/opt/ai chat/bin/ai-chat.js", program: "/opt/ai chat/dist/main.js", cwd: "/srv" },
    "node '/opt/ai chat/bin/ai-chat.js'",
  ],
  [
    "elsewhere, in a package of one's own",
    { ...inOpt, script: `${opt}/bin/ai-chat.js`, cwd: proj, files: [...inOpt.files, `${proj}/package.json`] },
    `node ${opt}/bin/ai-chat.js`,
  ],
  [
    "a dependency of another project",
    { ...inProject, script: `${proj}/node_modules/.bin/ai-chat`, cwd: `${proj}/src` },
    "npx ai-chat",
  ],
  [
    "its npm script, for which npm has changed the PATH",
    {
      ...inProject,
      script: `${proj}/node_modules/.bin/ai-chat`,
      cwd: proj,
      env: { PATH: `${proj}/node_modules/.bin:/usr/bin`, npm_command: "run-script" },
    },
    "npx ai-chat",
  ],
  [
    "its command from elsewhere",
    { ...inProject, script: `${proj}/node_modules/.bin/ai-chat`, cwd: "/srv" },
    `${proj}/node_modules/.bin/ai-chat`,
  ],
  [
    "the folder of a package that is installed, where npx ends with an error",
    {
      ...inProject,
      script: `${proj}/node_modules/ai-chat-system/bin/ai-chat.js`,
      cwd: `${proj}/node_modules/ai-chat-system`,
      files: [...inProject.files, `${proj}/node_modules/ai-chat-system/package.json`],
    },
    "node bin/ai-chat.js",
  ],
  [
    "a dependency that is a link to a clone",
    {
      ...inProject,
      program: inClone.program,
      script: `${proj}/node_modules/.bin/ai-chat`,
      cwd: proj,
      links: { [`${proj}/node_modules/ai-chat-system`]: clone },
    },
    "npx ai-chat",
  ],
  [
    "a project whose ai-chat is another package",
    {
      ...inOpt,
      script: `${opt}/bin/ai-chat.js`,
      cwd: proj,
      files: [`${proj}/package.json`, `${proj}/node_modules/.bin/ai-chat`],
    },
    `node ${opt}/bin/ai-chat.js`,
  ],
  [
    "Windows, installed globally",
    {
      ...windows,
      script: "C:\\npm\\node_modules\\ai-chat-system\\bin\\ai-chat.js",
      program: "C:\\npm\\node_modules\\ai-chat-system\\dist\\main.js",
      cwd: "C:\\Users\\jane",
      files: ["C:\\npm\\ai-chat.cmd"],
    },
    "ai-chat",
  ],
  [
    "Windows, in a clone, whose drive has another case",
    {
      ...windows,
      script: "C:\\clone\\bin\\ai-chat.js",
      program: "C:\\clone\\dist\\main.js",
      cwd: "c:\\clone\\src",
      files: ["c:\\clone\\package.json"],
    },
    "npx ai-chat",
  ],
  [
    "Windows, elsewhere",
    {
      ...windows,
      script: "C:\\My Programs\\chat\\bin\\ai-chat.js",
      program: "C:\\My Programs\\chat\\dist\\main.js",
      cwd: "D:\\",
    },
    'node "C:\\My Programs\\chat\\bin\\ai-chat.js"',
  ],
];
test.each(rows)("names a command that works where it was typed: %s", (_, row, name) => {
  const { files = [], links = {}, ...given } = row;
  const started: Started = {
    script: "",
    program: "",
    cwd: "/home/jane",
    env: { PATH: "/usr/local/bin:/usr/bin" },
    platform: "linux",
    ...given,
  };
  const disk = {
    exists: (path: string) => files.includes(path),
    real: (path: string) => links[path] ?? path,
  };
  expect(commandName(started, disk)).toBe(name);
});
