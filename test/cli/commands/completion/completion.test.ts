import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openModelsServer } from "../../../support/models-server.ts";
import { openPty } from "../../../support/open-pty.ts";
import { makeHome, program, programEnv, runProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
let env: Record<string, string>;

/** A title that runs a command if a shell evaluates it. */
const hostile = `it's "so": $(touch hit) \`touch hit\` \u001b]0;hit\u0007; touch hit %F{red} \\n`;

async function keep(id: string, title: string): Promise<void> {
  const at = "2026-11-22T10:00:00.000Z";
  const dir = join(home.dir, "data", "ai-chat", "conversations");
  const lines = [
    { is: "conversation", version: 1, id, server: "http://127.0.0.1:8000", username: "jane", created_at: at },
    {
      is: "turn",
      id: `turn${id.slice(0, 4)}`,
      at,
      question: title,
      answer: "a",
      stopped: false,
      tokens_deducted: 100,
      model: null,
    },
  ];
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, `${id}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

beforeAll(async () => {
  home = await makeHome();
  await keep("k3aaaaaa", hostile);
  await keep("k3bbbbbb", "trip to Rome");
  await mkdir(join(home.dir, "config", "ai-chat"), { recursive: true });
  const entry = { token: "t", username: "jane" };
  await writeFile(
    join(home.dir, "config", "ai-chat", "credentials.json"),
    JSON.stringify({ "https://chat.example.org": entry, "https://x.example/$(touch hit)": entry }),
  );
  await mkdir(join(home.dir, "bin"));
  await mkdir(join(home.dir, "work", "some folder"), { recursive: true });
  await symlink(program, join(home.dir, "bin", "ai-chat"));
  env = programEnv(home, { PATH: `${join(home.dir, "bin")}:${process.env.PATH}`, TERM: "xterm", PS1: "$ " });
});
afterAll(() => home.remove());

const has = (shell: string) => spawnSync(shell, ["-c", ":"]).error === undefined;

test("each candidate is one line without shell syntax, whatever its title contains", async () => {
  const { stdout, stderr } = await runProgram(["__complete", "chat", "-r", ""], { home });
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toHaveLength(4);
  expect(stdout).toMatch(/^words\n/);
  expect(stdout).not.toContain("\u001b");
  const servers = await runProgram(["__complete", "-s", ""], { home });
  expect(servers.stdout.split("\n").map((line) => line.split("\t")[0])).toEqual([
    "words",
    "local",
    "https://chat.example.org",
    "http://127.0.0.1:8000",
    "",
  ]);
});

test("options among the words to complete have no effect, and unreadable files give no candidates", async () => {
  const version = await runProgram(["__complete", "--version", "--help", ""], { home });
  expect(version.stdout).toMatch(/^words\nchat\t/);
  const lost = await runProgram(["__complete", "-r", ""], { home, env: { XDG_DATA_HOME: "/dev/null/none" } });
  expect({ code: lost.code, stderr: lost.stderr }).toEqual({ code: 0, stderr: "" });
});

test.each([[["powershell"]], [[]], [["bash", "zsh"]]])(
  "completion %j ends with exit 2 and names the three shells",
  async (words) => {
    const { code, stdout, stderr } = await runProgram(["completion", ...words], { home });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("bash, zsh, fish");
  },
);

/** The candidates of the function in a real bash, called as readline does. */
function bashReply(line: string, words: string[], type = 9): string[] {
  const script = `
    source <(ai-chat completion bash)
    COMP_LINE=$1 COMP_POINT=\${#1} COMP_TYPE=$2; shift 2
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _ai_chat 2>/dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ["-c", script, "bash", line, String(type), ...words];
  const text = execFileSync("bash", args, { env, cwd: join(home.dir, "work"), encoding: "utf8" });
  return text.trimEnd() === "" ? [] : text.trimEnd().split("\n");
}

describe.skipIf(!has("bash"))("bash (skipped where it isn't installed)", () => {
  test("completes commands and their words", () => {
    expect(bashReply("ai-chat conv", ["ai-chat", "conv"])).toEqual(["conversations"]);
    expect(bashReply("ai-chat config set sa", ["ai-chat", "config", "set", "sa"])).toEqual(["save"]);
    expect(bashReply("ai-chat serve --prov", ["ai-chat", "serve", "--prov"])).toEqual(["--provider"]);
  });

  test("completes an address after the colon at which bash splits it, alone and after =", () => {
    const words = ["ai-chat", "-s", "https", ":", "//ch"];
    expect(bashReply("ai-chat -s https://ch", words)).toEqual(["//chat.example.org"]);
    const attached = ["ai-chat", "whoami", "--server", "=", "https", ":", "//ch"];
    expect(bashReply("ai-chat whoami --server=https://ch", attached)).toEqual(["//chat.example.org"]);
    expect(bashReply("ai-chat whoami --server=lo", ["ai-chat", "whoami", "--server", "=", "lo"])).toEqual([
      "local",
    ]);
  });

  test("shows titles in a list, and never inserts them into the line", () => {
    const [line, words] = ["ai-chat chat -r k", ["ai-chat", "chat", "-r", "k"]] as const;
    expect(bashReply(line, [...words])).toEqual(["k3aaaaaa", "k3bbbbbb"]);
    // 37 is menu-complete, which inserts the whole entry into the line.
    expect(bashReply(line, [...words], 37)).toEqual(["k3aaaaaa", "k3bbbbbb"]);
    const listed = bashReply(line, [...words], 63);
    expect(listed.join("\n")).toContain("k3bbbbbb  trip to Rome");
    expect(listed.join("\n")).toContain('k3aaaaaa  it\'s "so": $(touch hit)');
  });
});

/** Types into a real shell at a terminal, and waits for the expected output of each step. */
async function typeInto(shell: string, args: string[], steps: [type: string, sees: string][]): Promise<void> {
  const terminal = openPty(shell, args, { cols: 100, rows: 40, cwd: join(home.dir, "work"), env });
  let seen = "";
  let look = () => {};
  terminal.onData((data) => {
    seen += data;
    // fish queries the terminal's attributes before it prints anything.
    if (data.includes("\u001b[0c") || data.includes("\u001b[c")) terminal.write("\u001b[?62;22c");
    if (data.includes("\u001b[6n")) terminal.write("\u001b[1;1R");
    look();
  });
  const ended = new Promise<void>((resolve) => terminal.onExit(() => resolve()));
  try {
    for (const [type, sees] of steps) {
      seen = "";
      const shown = new Promise<void>((resolve) => {
        look = () => {
          if (seen.includes(sees)) resolve();
        };
      });
      terminal.write(type);
      await Promise.race([
        shown,
        ended.then(() => Promise.reject(new Error(`${shell} ended: ${JSON.stringify(seen)}`))),
      ]);
    }
  } finally {
    terminal.kill("SIGKILL");
    await ended;
  }
}

const shells: [shell: string, args: string[], setUp: string][] = [
  ["bash", ["--norc", "--noprofile", "-i"], "source <(ai-chat completion bash); echo re''ady\r"],
  ["zsh", ["-f", "-i"], "source <(ai-chat completion zsh); echo re''ady\r"],
  ["fish", ["--no-config", "-i"], "ai-chat completion fish | source; echo re''ady\r"],
];
for (const [shell, args, setUp] of shells)
  test.skipIf(!has(shell))(
    `an interactive ${shell} lists titles, completes IDs and runs no command from them (skipped where it isn't installed)`,
    async () => {
      await typeInto(shell, args, [
        [setUp, "ready"],
        ["ai-chat conversations show k3\t\t", "trip to Rome"],
        ["\u0015ai-chat conversations show k3a\t", "k3aaaaaa"],
        ["\u0015ai-chat serve --data so\t", "some\\ folder"],
        ["\u0015ai-chat serve --config so\t", "some\\ folder"],
      ]);
      expect(await readdir(join(home.dir, "work"))).toEqual(["some folder"]);
      expect(await readdir(home.dir)).not.toContain("hit");
    },
  );

test("the names of models are those that the server tells, and are kept with a login", async () => {
  const server = await openModelsServer();
  const mine = await makeHome();
  const names = async (whose: Home, ...typed: string[]) =>
    (await runProgram(["__complete", ...typed, "-m", ""], { home: whose })).stdout;
  const login = { home: mine, env: { AI_CHAT_PASSWORD: "correct horse" } };
  try {
    const words = "words\nsmall\t100 tokens, the default\nbig\t500 tokens\n";
    expect(await names(mine, "ask", "-s", server.url)).toBe(words);
    await runProgram(["login", "-s", server.url, "-u", "jane"], login);
    expect(await names(mine, "chat")).toBe(words);
    await server.close();
    expect(await names(mine)).toBe(words);
    expect(await names(home, "-s", server.url)).toBe("words\n");
  } finally {
    await mine.remove();
  }
});
