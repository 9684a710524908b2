// Runs the files of ops/ with the programs that are on this machine, and says which were not run:
//   npm run test:ops [-- nginx|caddy|systemd|containers…] [--nginx PATH] [--caddy PATH]
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { check, failed, Skipped } from "./checks.js";
import { checkContainers } from "./containers.js";
import { checkOneServer } from "./one-server.js";
import { checkTwoServers } from "./two-servers.js";
import { checkUnits } from "./units.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { nginx: { type: "string", default: "nginx" }, caddy: { type: "string", default: "caddy" } },
});

/** @param {"nginx" | "caddy"} name */
async function checkProxy(name) {
  const program = values[name];
  try {
    execFileSync(program, [name === "nginx" ? "-v" : "version"], { stdio: "ignore" });
  } catch {
    await check(`${name}: its files`, () => {
      throw new Skipped(`no ${program} on this machine; --${name} PATH names one`);
    });
    return;
  }
  await checkOneServer(name, program);
  await checkTwoServers(name, program);
}

/** @type {Record<string, () => Promise<void>>} */
const parts = {
  nginx: () => checkProxy("nginx"),
  caddy: () => checkProxy("caddy"),
  systemd: checkUnits,
  containers: checkContainers,
};
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const part = parts[name];
  if (!part) throw new Error(`${Object.keys(parts).join(", ")}?`);
  await part();
}
process.exit(failed() > 0 ? 1 : 0);
