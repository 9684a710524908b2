import { spawn } from "node:child_process";

type Env = Record<string, string | undefined>;

/** Where the text is to be put. */
export interface Desk {
  env: Env;
  platform: NodeJS.Platform;
  /** Milliseconds after which a tool that neither ends nor lets go of its input is given up (2,000). */
  patience?: number;
}

/**
 * The clipboard tools that may be here, the likeliest first. Over ssh this machine's own clipboard is not the one that
 * somebody sits at, so only tmux is left: it hands the text on to the terminal (also where it ignores OSC 52).
 */
export function clipboardTools({ env, platform }: Pick<Desk, "env" | "platform">): string[][] {
  const tmux = env.TMUX ? [["tmux", "load-buffer", "-w", "-"]] : [];
  if (env.SSH_CONNECTION || env.SSH_TTY) return tmux;
  if (platform === "darwin") return [["pbcopy"], ...tmux];
  if (platform === "win32") return [["clip.exe"]];
  return [
    ...(env.WAYLAND_DISPLAY ? [["wl-copy"]] : []),
    ...(env.DISPLAY
      ? [
          ["xclip", "-selection", "clipboard"],
          ["xsel", "--clipboard", "--input"],
        ]
      : []),
    ...(env.WSL_DISTRO_NAME ? [["clip.exe"]] : []),
    ...tmux,
  ];
}

/** Puts text on this machine's clipboard with the first tool that is there and takes it; false where none does. */
export async function copyLocally(text: string, desk: Desk): Promise<boolean> {
  for (const [tool = "", ...args] of clipboardTools(desk)) {
    if (await takes(tool, args, text, desk)) return true;
  }
  return false;
}

/** Whether the tool took the text. Those that stay to serve it do so in a child that has let go of us. */
function takes(
  tool: string,
  args: string[],
  text: string,
  { env, patience = 2_000 }: Desk,
): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const child = spawn(tool, args, { env, stdio: ["pipe", "ignore", "ignore"], timeout: patience });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
    // A tool that ends without reading says so by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(text);
    // Some failures to start are thrown, such as a PATH that leads through a file.
  }).catch(() => false);
}
