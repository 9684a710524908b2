type Env = Record<string, string | undefined>;

/** The environment in which clipboard tools run. */
export interface ClipboardContext {
  env: Env;
  platform: NodeJS.Platform;
  /** Milliseconds after which a tool that has not ended is killed, and given up. Default: 1,000. */
  timeout?: number;
}

/**
 * The clipboard tools to try, in order. Over ssh this machine's clipboard is not the user's, so only tmux is tried: it
 * passes the text to the terminal even if it ignores OSC 52 from programs.
 */
export function clipboardTools({ env, platform }: Pick<ClipboardContext, "env" | "platform">): string[][] {
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

/** Copies text with the first tool that succeeds; false if none does. */
export async function copyLocally(text: string, context: ClipboardContext): Promise<boolean> {
  for (const [tool = "", ...args] of clipboardTools(context)) {
    if (await runTool(tool, args, text, context)) return true;
  }
  return false;
}

/** Whether the tool succeeded in time. Tools that have to stay alive to serve the text fork, so their first process exits. */
function runTool(
  tool: string,
  args: string[],
  text: string,
  { env, timeout = 1_000 }: ClipboardContext,
): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    // Not imported: the session needs it late, or never.
    const { spawn } = process.getBuiltinModule("node:child_process");
    const child = spawn(tool, args, { env, stdio: ["pipe", "ignore", "ignore"] });
    const giveUp = () => {
      child.kill("SIGKILL");
      // Not even this ends a process that waits for a device. Then nothing may wait for it.
      child.stdin.destroy();
      child.unref();
      resolve(false);
    };
    const timer = setTimeout(giveUp, timeout);
    const end = (isDone: boolean) => {
      clearTimeout(timer);
      resolve(isDone);
    };
    child.once("error", () => end(false));
    child.once("exit", (code) => end(code === 0));
    // EPIPE: the tool ended without reading. Its exit code tells whether it failed.
    child.stdin.on("error", () => undefined);
    child.stdin.end(text);
    // spawn() throws for some failures, for example ENOTDIR if a file is in PATH.
  }).catch(() => false);
}
