import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { deepEqual, equal } from "node:assert/strict";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { atEnd, newFolder } from "../../bench/support/endings.js";
import { newAccounts } from "../../bench/support/load.js";
import { OURS } from "../../bench/support/programs.js";
import { check, Skipped, until } from "./checks.js";

const IMAGE = "ai-chat-test-ops";
const PARSE = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";

/** @param {string[]} args */
const docker = (args) => execFileSync("docker", args, { cwd: OURS, encoding: "utf8" }).trim();

/** The digest of the package that is made in a folder. @param {string} folder */
function packed(folder) {
  const to = newFolder();
  execFileSync(process.execPath, ["scripts/package.js", to], {
    cwd: folder,
    env: { ...process.env, SOURCE_DATE_EPOCH: "0" },
  });
  const [name = ""] = readdirSync(to).filter((name) => name.endsWith(".tgz"));
  return createHash("sha256")
    .update(readFileSync(join(to, name)))
    .digest("hex");
}

function needDocker() {
  const { error, status } = spawnSync("docker", ["info"]);
  if (error) throw new Skipped("no docker on this machine");
  if (status !== 0) throw new Skipped("docker's daemon does not run on this machine");
}

export async function checkContainers() {
  for (const file of ["compose.yml", "compose-postgres.yml"])
    await check(`${file}: the servers may write their volume only, and secrets are files`, () => {
      if (spawnSync("python3", ["-c", "import yaml"]).status !== 0)
        throw new Skipped("no python3 with yaml on this machine");
      const text = execFileSync("python3", ["-c", PARSE, `${OURS}/ops/${file}`], { encoding: "utf8" });
      const { services, secrets, volumes } = JSON.parse(text);
      const servers = Object.values(services).filter(({ build }) => build !== undefined);
      equal(servers.length, file === "compose.yml" ? 1 : 2);
      for (const server of servers) {
        const { read_only, cap_drop, security_opt, environment } = server;
        deepEqual([read_only, cap_drop, security_opt], [true, ["ALL"], ["no-new-privileges:true"]]);
        const files = Object.entries(environment).filter(([name]) => name.endsWith("_FILE"));
        deepEqual(
          files.map(([, path]) => path),
          [...server.secrets].reverse().map((/** @type {string} */ name) => `/run/secrets/${name}`),
        );
        deepEqual(
          Object.keys(environment).filter((name) => /PASSWORD$|KEY$|SECRET$/.test(name)),
          [],
        );
      }
      const all = /** @type {{ secrets?: string[], volumes?: string[] }[]} */ (Object.values(services));
      const named = (/** @type {string[]} */ names) => [...new Set(names)].sort();
      deepEqual(named(all.flatMap((one) => one.secrets ?? [])), Object.keys(secrets).sort());
      const mounted = all.flatMap((one) => one.volumes ?? []).map((volume) => volume.split(":")[0] ?? "");
      deepEqual(named(mounted.filter((name) => !name.startsWith("."))), Object.keys(volumes).sort());
    });

  await check("Dockerfile: what it copies is enough for the whole package", () => {
    const context = newFolder();
    for (const [, name = ""] of readFileSync(`${OURS}/.dockerignore`, "utf8").matchAll(/^!(.*)$/gm))
      cpSync(`${OURS}/${name}`, join(context, name), { recursive: true });
    // Hard links if possible; a symbolic link would change the names in the package.
    const modules = [`${OURS}/node_modules`, context];
    if (spawnSync("cp", ["-al", ...modules]).status !== 0) execFileSync("cp", ["-a", ...modules]);
    equal(packed(context), packed(OURS));
  });

  await check(
    "Dockerfile: the image serves with a read-only root, is healthy, and stops with 0",
    async () => {
      needDocker();
      docker(["build", "--tag", IMAGE, "--file", "ops/Dockerfile", "."]);
      const hardened = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
      const settings = ["--env", "AI_CHAT_PROVIDER=demo", "--publish", "127.0.0.1::8000"];
      const id = docker(["run", "--detach", ...hardened, ...settings, IMAGE]);
      atEnd(() => docker(["rm", "--force", "--volumes", id]));
      const health = () => docker(["inspect", "--format", "{{.State.Health.Status}}", id]);
      await until(() => health() === "healthy", "a healthy container");
      const [headers = {}] = await newAccounts(`http://${docker(["port", id, "8000"])}`, 1);
      equal(Object.keys(headers).length, 1);
      docker(["stop", "--time", "45", id]);
      equal(docker(["wait", id]), "0");
    },
  );

  for (const file of ["compose.yml", "compose-postgres.yml"])
    await check(`${file}: Compose takes it`, () => {
      needDocker();
      if (spawnSync("docker", ["compose", "version"]).status !== 0)
        throw new Skipped("no docker compose on this machine");
      docker(["compose", "--file", `ops/${file}`, "config", "--quiet"]);
    });
}
