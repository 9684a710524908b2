import { expect, test } from "vitest";
import { commands } from "../../../../../src/cli/argv/commands.ts";
import { candidates, type Known } from "../../../../../src/cli/commands/completion/candidates.ts";
import { everywhere, optionNamed } from "../../../../../src/cli/argv/options.ts";

const known: Known = {
  conversations: async () => [{ value: "k3aaaaaa", about: "trip to Rome" }],
  servers: async () => [{ value: "local", about: "" }],
  roles: async () => [{ value: "teacher", about: "Explain it to a child." }],
  keys: async (server = "default") => [{ value: `ci-${server}`, about: "1,000 tokens a day" }],
  models: async (server = "default") => [{ value: `big-${server}`, about: "500 tokens" }],
};

/** What may stand where the last word is. */
async function offered(...typed: string[]): Promise<string[] | "folders" | "files"> {
  const found = await candidates(typed, known);
  return found.kind !== "words" ? found.kind : found.candidates.map(({ value }) => value);
}

const names = [...commands.keys(), "help"];
const exact: [typed: string[], wanted: string[] | "folders" | "files"][] = [
  [[""], names],
  [["-s", "local", "--json", ""], names],
  [
    ["-r", ""],
    ["k3aaaaaa", ...names],
  ],
  [
    ["--resume", ""],
    ["k3aaaaaa", ...names],
  ],
  [["ask", "--role", ""], ["teacher"]],
  [["chat", "-r", "k"], ["k3aaaaaa"]],
  [["chat", "--resume=k"], ["--resume=k3aaaaaa"]],
  [["-s", ""], ["local"]],
  [["whoami", "--server", ""], ["local"]],
  [["whoami", "--server=lo"], ["--server=local"]],
  [
    ["conversations", ""],
    ["list", "show", "search", "export", "import", "delete"],
  ],
  [["conversations", "show", ""], ["k3aaaaaa"]],
  [["conversations", "show", "--json", ""], ["k3aaaaaa"]],
  [["conversations", "show", "k3aaaaaa", ""], []],
  [["conversations", "search", ""], []],
  [["keys", "create", ""], []],
  [["keys", "revoke", "-s", "local", ""], ["ci-local"]],
  [["conversations", "export", "--all", ""], "folders"],
  [["conversations", "import", ""], "files"],
  [["conversations", "import", "rome.json", ""], "files"],
  [
    ["conversations", "export", "k3", "--format", ""],
    ["md", "json"],
  ],
  [
    ["config", ""],
    ["list", "get", "set", "unset", "path"],
  ],
  [
    ["config", "get", ""],
    ["server", "model", "role", "save", "plain", "theme", "notify", "timeout", "editor"],
  ],
  [
    ["config", "set", "save", ""],
    ["true", "false"],
  ],
  [
    ["config", "set", "theme", ""],
    ["auto", "dark", "light", "ansi", "none"],
  ],
  [["config", "set", "server", ""], ["local"]],
  [["config", "set", "timeout", ""], []],
  [["config", "set", "model", ""], ["big-default"]],
  [["config", "-s", "local", "set", "model", ""], ["big-local"]],
  [["ask", "-m", ""], ["big-default"]],
  [["-s", "local", "--model", ""], ["big-local"]],
  [["ask", "-s", "local", "--model=b"], ["--model=big-local"]],
  [["serve", "-m", ""], []],
  [["config", "set", "toString", ""], []],
  [["config", "toString", ""], []],
  [["store", "check", ""], "folders"],
  [["store", "copy", "here", ""], "folders"],
  [["serve", "--data", ""], "folders"],
  [["serve", "--data=so"], "folders"],
  [["serve", "--config", ""], "files"],
  [["grant", "--config=so"], "files"],
  [["ask", "-f", "a.ts", "-f", ""], "files"],
  [
    ["serve", "--provider", ""],
    ["demo", "openai"],
  ],
  [
    ["serve", "--log", "j"],
    ["pretty", "json", "silent"],
  ],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  [
    ["help", ""],
    [...names, "environment", "exit-codes"],
  ],
  [["ask", "what", ""], []],
  [["ask", "--", "-"], []],
  [["nonsense", ""], []],
  [["nonsense", "-"], []],
  [["balance", "--timeout", ""], []],
  [["balance", "-"], everywhere.map((name) => `--${optionNamed(name).flag}`)],
];
test("exactly these candidates are offered", async () => {
  for (const [typed, wanted] of exact) expect(await offered(...typed), JSON.stringify(typed)).toEqual(wanted);
});

test("an option that stands there already isn't offered again", async () => {
  expect(await offered("balance", "--json", "-q", "-")).not.toEqual(expect.arrayContaining(["--json"]));
  expect(await offered("balance", "--json", "-q", "-")).not.toContain("--quiet");
});

test("a short option that was typed is one", async () => {
  expect(await offered("-r")).toContain("-r");
});
