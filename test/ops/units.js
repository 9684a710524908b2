import { execFileSync, spawnSync } from "node:child_process";
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newFolder } from "../../bench/support/endings.js";
import { newAccounts } from "../../bench/support/load.js";
import { OURS } from "../../bench/support/programs.js";
import { openAi } from "./ai.js";
import { check, Skipped, until } from "./checks.js";
import { startServer } from "./servers.js";

/** What a unit may be exposed, by `systemd-analyze security`: of 100, and an unhardened service has 96. */
const MOST_EXPOSED = 15;

const units = readdirSync(`${OURS}/ops`).filter((name) => /\.(service|timer)$/.test(name));
const read = (/** @type {string} */ name) => readFileSync(`${OURS}/ops/${name}`, "utf8");

/** @param {string} program */
function need(program) {
  if (spawnSync(program, ["--version"]).error) throw new Skipped(`no ${program} on this machine`);
}

/** The system calls that a unit allows. @param {string} unit */
function allowedBy(unit) {
  const listed = execFileSync("systemd-analyze", ["syscall-filter", "--no-pager"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  let last = "";
  for (const line of listed.split("\n")) {
    const [word = ""] = line.trim().split(/\s/);
    if (line.startsWith("@")) groups.set((last = word), []);
    else if (word !== "" && word !== "#") groups.get(last)?.push(word);
  }
  /** @param {string} name @returns {string[]} */
  const all = (name) => groups.get(name)?.flatMap(all) ?? [name];
  const allowed = new Set();
  for (const [, not, names = ""] of read(unit).matchAll(/^SystemCallFilter=(~?)(.*)$/gm))
    for (const name of names.split(" ").flatMap(all)) {
      if (not) allowed.delete(name);
      else allowed.add(name);
    }
  return allowed;
}

/** The system calls that were made, by a file that strace wrote. @param {string} file */
const called = (file) =>
  new Set(
    [...readFileSync(file, "utf8").matchAll(/^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)/gm)].map(
      ([, name]) => name,
    ),
  );

/**
 * What the shell gets of a unit's commands, in their order.
 * @param {string} unit
 * @param {string} state the folder that stands for /var/lib
 */
const commandsOf = (unit, state) =>
  [...read(unit).matchAll(/^ExecStart(?:Post)?=\/bin\/sh -c '(.*)'$/gm)].map(([, command = ""]) =>
    command
      .replaceAll(/%[S%]/g, (specifier) => (specifier === "%S" ? state : "%"))
      .replaceAll("$$", () => "$")
      .replaceAll("/usr/bin/node", process.execPath)
      .replaceAll("/opt/ai-chat-system", OURS),
  );

export async function checkUnits() {
  await check("systemd: the units are valid", () => {
    need("systemd-analyze");
    const folder = newFolder();
    const paths = units.map((name) => join(folder, name));
    for (const name of units)
      writeFileSync(join(folder, name), read(name).replaceAll("/usr/bin/node", process.execPath));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...paths], { encoding: "utf8" });
    deepEqual([status, stderr], [0, ""]);
  });

  for (const unit of units.filter((name) => name.endsWith(".service")))
    await check(`systemd: ${unit} is exposed at most ${MOST_EXPOSED} of 100`, () => {
      need("systemd-analyze");
      const args = [
        "security",
        "--offline=true",
        "--no-pager",
        `--threshold=${MOST_EXPOSED}`,
        `${OURS}/ops/${unit}`,
      ];
      const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
      equal(status, 0, stdout + stderr);
    });

  await check("systemd: ai-chat.service allows each system call that a server makes", async () => {
    need("systemd-analyze");
    need("strace");
    const [ai, file] = [await openAi(), join(newFolder(), "calls")];
    // -D: strace is no parent of the server, so that signals reach it.
    const under = ["strace", "-D", "-f", "-o", file];
    const server = await startServer({ ai: ai.url(), store: { AI_CHAT_DATA: newFolder() }, under });
    const heads = await newAccounts(server.url, 3);
    for (const accept of ["application/json", "text/event-stream"])
      for (const head of heads) {
        const headers = { "content-type": "application/json", accept, ...head };
        const body = '{"message":"Hello?"}';
        const reply = await fetch(`${server.url}/api/chat/`, { method: "POST", headers, body });
        equal(reply.status, 200, await reply.text());
      }
    await server.stop();
    await until(() => readFileSync(file, "utf8").includes("+++ exited with 0"), "the end of strace");
    const calls = called(file);
    ok(calls.has("execve") && calls.has("fdatasync"), [...calls].join(" "));
    const allowed = allowedBy("ai-chat.service");
    deepEqual(
      [...calls].filter((name) => !allowed.has(name)),
      [],
    );
  });

  await check("systemd: ai-chat-backup.service makes a backup, and keeps the newest 14", async () => {
    const [state, ai] = [newFolder(), await openAi()];
    const [data, to] = [join(state, "ai-chat"), join(state, "ai-chat-backup")];
    const server = await startServer({ ai: ai.url(), store: { AI_CHAT_DATA: data } });
    mkdirSync(to);
    const older = Array.from({ length: 15 }, (_, n) => `2025-01-${10 + n}T030000Z.backup`);
    // What the operator made is not among those that are counted and removed.
    const others = ["before-0.2.0.backup", "notes"];
    for (const name of [...older, ...others]) writeFileSync(join(to, name), "");
    for (const command of commandsOf("ai-chat-backup.service", state))
      execFileSync("/bin/sh", ["-c", command], { cwd: to, env: { ...process.env, KEEP: "14" } });
    await server.stop();
    const names = readdirSync(to);
    const [made = ""] = names.filter((name) => !older.includes(name) && !others.includes(name));
    ok(/^\d{4}-\d\d-\d\dT\d{6}Z\.backup$/.test(made) && statSync(join(to, made)).size > 0, made);
    deepEqual(names, [...older.slice(2), made, ...others]);
  });
}
