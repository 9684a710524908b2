import { isAbsolute, join } from "node:path";
import envPaths from "env-paths";

/** Where this user's files lie. A place is `undefined` where there is neither a home folder nor a setting for it. */
export interface Places {
  /** Settings and tokens. */
  config: string | undefined;
  /** Saved conversations, and the store of the server `local`. */
  data: string | undefined;
  /** What was typed. */
  state: string | undefined;
  /** The store of the server `local`, and nothing else. */
  server: string | undefined;
}

interface Surroundings {
  env: Record<string, string | undefined>;
  /** The user's home folder; empty or `undefined` where there is none. */
  home: string | undefined;
  platform: NodeJS.Platform;
}

const name = "ai-chat";

/**
 * The folders of docs/cli.md#files: on Linux and its kin by the XDG base directory specification, which says to ignore
 * relative values; on macOS and Windows what env-paths gives.
 */
export function places({ env, home, platform }: Surroundings): Places {
  const base = platform === "darwin" || platform === "win32" ? elsewhere(home) : xdg(env, home);
  return { ...base, server: base.data === undefined ? undefined : join(base.data, "server") };
}

function elsewhere(home: string | undefined): Omit<Places, "server"> {
  if (home === undefined) return { config: undefined, data: undefined, state: undefined };
  const { config, data, log } = envPaths(name, { suffix: "" });
  return { config, data, state: log };
}

function xdg(env: Surroundings["env"], home: string | undefined): Omit<Places, "server"> {
  const folder = (variable: string, ...usual: string[]) => {
    const set = env[variable];
    if (set !== undefined && isAbsolute(set)) return join(set, name);
    return home !== undefined && isAbsolute(home) ? join(home, ...usual, name) : undefined;
  };
  return {
    config: folder("XDG_CONFIG_HOME", ".config"),
    data: folder("XDG_DATA_HOME", ".local", "share"),
    state: folder("XDG_STATE_HOME", ".local", "state"),
  };
}
