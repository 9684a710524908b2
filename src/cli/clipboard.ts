import { spawnSync } from "node:child_process";

type Surroundings = { env: Record<string, string | undefined>; platform: NodeJS.Platform };

/** The clipboard tools that may be here, the likeliest first. */
export function clipboardTools({ env, platform }: Surroundings): string[][] {
  if (platform === "darwin") return [["pbcopy"]];
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
  ];
}

/** Longest that a tool may take, in milliseconds: some stay to serve the text, having let go of us. */
const PATIENCE = 2_000;

/** Puts text on this machine's clipboard with the first tool that is there and takes it; false where none does. */
export function copyLocally(text: string, surroundings: Surroundings): boolean {
  return clipboardTools(surroundings).some(([tool = "", ...args]) => {
    const { status, error } = spawnSync(tool, args, {
      input: text,
      stdio: ["pipe", "ignore", "ignore"],
      timeout: PATIENCE,
    });
    return error === undefined && status === 0;
  });
}
