// Replaces curl, so that the documentation's examples also run where it isn't installed. Supports what they use:
// -s, -N, -i, -X METHOD, -H "Name: value", -d BODY, and the address.
import { argv, stdout } from "node:process";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: {
    silent: { type: "boolean", short: "s" },
    "no-buffer": { type: "boolean", short: "N" },
    include: { type: "boolean", short: "i" },
    request: { type: "string", short: "X" },
    header: { type: "string", short: "H", multiple: true },
    data: { type: "string", short: "d" },
  },
});

const [url] = positionals;
if (url === undefined || positionals.length > 1) throw new Error("curl takes one address");
const reply = await fetch(url, {
  method: values.request ?? (values.data === undefined ? "GET" : "POST"),
  headers: new Headers(
    (values.header ?? []).map((header) => {
      const colon = header.indexOf(":");
      return /** @type {[string, string]} */ ([header.slice(0, colon), header.slice(colon + 1).trim()]);
    }),
  ),
  redirect: "manual",
  ...(values.data !== undefined && { body: values.data }),
});
if (values.include) {
  stdout.write(`HTTP/1.1 ${reply.status} ${reply.statusText}\n`);
  for (const [name, value] of reply.headers) stdout.write(`${name}: ${value}\n`);
  stdout.write("\n");
}
stdout.write(await reply.text());
