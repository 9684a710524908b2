import { imageType, imageTypes, type ImageType } from "../../protocol/images.ts";
import { IMAGES } from "../../protocol/limits.ts";
import type { ClipboardImage } from "../../tui/options.ts";
import type { ClipboardContext } from "./clipboard.ts";

/** How a tool gives the image of the clipboard. */
interface Tool {
  /** What prints the types that the clipboard has; without it the image is read as PNG. */
  list?: string[];
  read: (type: ImageType) => string[];
  /** The bytes of what that prints, if they are not printed as they are. */
  decode?: (printed: Buffer) => Buffer;
}

const WINDOWS = [
  "Add-Type -AssemblyName System.Windows.Forms,System.Drawing",
  "$image = [Windows.Forms.Clipboard]::GetImage()",
  "if ($image) { $to = New-Object IO.MemoryStream; $image.Save($to, [Drawing.Imaging.ImageFormat]::Png)",
  "[Convert]::ToBase64String($to.ToArray()) }",
].join("; ");

const powershell: Tool = {
  read: () => ["powershell.exe", "-NoProfile", "-NonInteractive", "-STA", "-Command", WINDOWS],
  decode: (printed) => Buffer.from(printed.toString("latin1"), "base64"),
};

const mac: Tool = {
  read: () => ["osascript", "-e", "get the clipboard as «class PNGf»"],
  // It prints «data PNGf89504E47…».
  decode: (printed) => Buffer.from(/data PNGf([0-9A-F]*)/.exec(printed.toString("latin1"))?.[1] ?? "", "hex"),
};

const x11: Tool = {
  list: ["xclip", "-selection", "clipboard", "-t", "TARGETS", "-o"],
  read: (type) => ["xclip", "-selection", "clipboard", "-t", type, "-o"],
};

const wayland: Tool = {
  list: ["wl-paste", "--list-types"],
  read: (type) => ["wl-paste", "--no-newline", "--type", type],
};

function toolsOf({ env, platform }: Pick<ClipboardContext, "env" | "platform">): Tool[] {
  // Over ssh this machine's clipboard is not the user's.
  if (env.SSH_CONNECTION || env.SSH_TTY) return [];
  if (platform === "darwin") return [mac];
  if (platform === "win32") return [powershell];
  return [
    ...(env.WAYLAND_DISPLAY ? [wayland] : []),
    ...(env.DISPLAY ? [x11] : []),
    ...(env.WSL_DISTRO_NAME ? [powershell] : []),
  ];
}

/** The image on the clipboard of this machine, from the first tool that has one. Never rejects. */
export async function clipboardImage(context: ClipboardContext): Promise<ClipboardImage> {
  let isThere = false;
  for (const tool of toolsOf(context)) {
    const found = await imageBy(tool, context);
    if (found.kind === "image" || found.kind === "tooLarge") return found;
    isThere ||= found.kind === "none";
  }
  return { kind: isThere ? "none" : "noTool" };
}

async function imageBy({ list, read, decode }: Tool, context: ClipboardContext): Promise<ClipboardImage> {
  const types = list === undefined ? "image/png" : await printedBy(list, context);
  if (types === "missing") return { kind: "noTool" };
  const offered = new Set(types.toString().split(/\s+/));
  const type = imageTypes.find((one) => offered.has(one));
  if (type === undefined) return { kind: "none" };
  const printed = await printedBy(read(type), context);
  if (printed === "missing") return { kind: "noTool" };
  if (printed === "failed") return { kind: "none" };
  const bytes = printed === "tooMuch" ? undefined : (decode?.(printed) ?? printed);
  if (bytes === undefined || bytes.length > IMAGES.bytes) return { kind: "tooLarge" };
  const found = imageType(bytes);
  if (found === undefined) return { kind: "none" };
  return { kind: "image", image: { name: `clipboard.${found.slice("image/".length)}`, type: found, bytes } };
}

/** In hexadecimal an image has twice its bytes; a little more for what stands around them. */
const MOST_PRINTED = 2 * IMAGES.bytes + 1024;

/** What a command prints. `failed`: it ended with an error, or not in time. */
function printedBy(
  [command = "", ...args]: string[],
  { env, timeout = 5_000 }: ClipboardContext,
): Promise<Buffer | "missing" | "failed" | "tooMuch"> {
  return new Promise<Buffer | "missing" | "failed" | "tooMuch">((resolve) => {
    // Not imported: the session needs it late, or never.
    const { spawn } = process.getBuiltinModule("node:child_process");
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "ignore"], windowsHide: true });
    const parts: Buffer[] = [];
    let length = 0;
    const end = (result: Buffer | "missing" | "failed" | "tooMuch") => {
      clearTimeout(timer);
      resolve(result);
    };
    const giveUp = (why: "failed" | "tooMuch") => {
      child.kill("SIGKILL");
      // A process that waits for a device does not even end then.
      child.stdout.destroy();
      child.unref();
      end(why);
    };
    const timer = setTimeout(giveUp, timeout, "failed");
    child.stdout.on("data", (part: Buffer) => {
      parts.push(part);
      if ((length += part.length) > MOST_PRINTED) giveUp("tooMuch");
    });
    child.once("error", () => end("missing"));
    child.once("close", (code) => end(code === 0 ? Buffer.concat(parts) : "failed"));
    // spawn() throws for some failures, for example ENOTDIR if a file is in PATH.
  }).catch(() => "missing" as const);
}
