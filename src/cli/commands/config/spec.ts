import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "your settings, such as server, model and theme",
  settings: true,
  words: "list|get KEY|set KEY VALUE|unset KEY|path",
  actions: {
    list: { summary: "every setting, and where its value comes from", words: [] },
    get: { summary: "the value of one", words: ["setting"] },
    set: { summary: "save a value", words: ["setting", "settingValue"] },
    unset: { summary: "return to the default", words: ["setting"] },
    path: { summary: "the file", words: [] },
  },
  options: ["server"],
  common: withoutServer,
  secrets: [],
  examples: [
    ["config list", "every setting, and where its value comes from"],
    ["config set server chat.example.org", "your default server"],
    ["config set timeout 60", "longest silence of a server, in seconds"],
    ["config set model big -s chat.example.org", "the model that answers there"],
    ["config set theme light", "colours for a light background"],
    ["config unset server", "return to the default"],
    ["config path", "the file"],
  ],
  notes: "model is kept for each server: the one that -s names, else your default server.",
  grace: 0,
  run: async () => (await import("./config.ts")).config,
};
