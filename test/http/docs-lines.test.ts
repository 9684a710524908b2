import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { expect, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";

/** docs/browser.md#api-page */

const built = join(import.meta.dirname, "../../dist");
// One of the lines names the model demo.
const { ai, server } = openServerWithAi({ built, upstream: "demo" });

/** The arguments of each call of curl on the page, as a shell reads them. */
async function calls(variables: string): Promise<string[][]> {
  const page = await readFile(join(built, "page/docs.html"), "utf8");
  const unescaped = (text: string) =>
    text.replaceAll(
      /&(lt|gt|quot|amp);/g,
      (_, name: "lt") => ({ lt: "<", gt: ">", quot: '"', amp: "&" })[name],
    );
  const [set, ...lines] = [...page.matchAll(/<pre class="sh"><code>([^]*?)<\/code>/g)].map(([, text = ""]) =>
    unescaped(text),
  );
  expect(set).toContain("SERVER=http");
  const curl = `curl() { printf '%s\\0' "$@"; printf '\\1'; }\n`;
  const { stdout } = await promisify(execFile)("sh", ["-euc", `${curl}${variables}\n${lines.join("\n")}`]);
  const all = stdout.split("\u0001").filter((call) => call !== "");
  expect(all).toHaveLength(lines.length);
  return all.map((call) => call.split("\0").slice(0, -1));
}

const options = {
  silent: { type: "boolean", short: "s" },
  "no-buffer": { type: "boolean", short: "N" },
  request: { type: "string", short: "X" },
  header: { type: "string", short: "H", multiple: true },
  data: { type: "string", short: "d" },
} as const;

test("each line of /docs for a shell gets the reply that it is about", async () => {
  ai.respond(answer("ok"));
  let token = "none";
  async function send(args: string[]) {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const { request, header = [], data } = values;
    const reply = await fetch(positionals[0]!, {
      method: request ?? (data === undefined ? "GET" : "POST"),
      headers: header.map((line) => line.replace("TOKEN", token).split(": ", 2) as [string, string]),
      ...(data !== undefined && { body: data }),
    });
    const text = await reply.text();
    token = /^\{"token":"([^"]*)"/.exec(text)?.[1] ?? token;
    const isStream = text.startsWith("event: ") && text.includes("event: done");
    return `${reply.status} ${positionals[0]!.replace(server.url, "")}${isStream ? " as events" : ""}`;
  }

  const all = await calls(`SERVER=${server.url}\nTOKEN=TOKEN`);
  const logIn = all.find((args) => args.some((arg) => arg.endsWith("/api/login")))!;
  const replies: string[] = [];
  for (const args of all) {
    const seen = await send(args);
    replies.push(seen);
    if (seen.includes("/api/logout")) await send(logIn);
  }
  // The invitation and the API key of the examples are nobody's.
  expect(replies.filter((seen) => !seen.startsWith("2"))).toEqual([
    expect.stringMatching(/^403 \/api\/register$/),
    expect.stringMatching(/^404 \/api\/keys\//),
  ]);
  expect(replies).toContain("200 /api/chat as events");
});
