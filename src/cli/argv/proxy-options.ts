import { parseUrl } from "../../text/parse-url.ts";
import type { Option } from "./option.ts";

const MOST_PROXIES = 32;

function isAddress(text: string): boolean {
  if (text.includes(":")) return /^[\da-f:.]+$/i.test(text) && parseUrl(`http://[${text}]`) !== undefined;
  // The parser also takes 127.1 and 0x7f.0.0.1, and gives them back in this form.
  return /^\d+(\.\d+){3}$/.test(text) && parseUrl(`http://${text}`)?.hostname === text;
}

/** An IPv4 address that is written as IPv6: 96 bits stand before its own. */
const isMapped = (address: string) =>
  address.includes(":") && /^\[::ffff:[\da-f]+:[\da-f]+\]$/.test(new URL(`http://[${address}]`).hostname);

function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  if (more.length > 0 || !isAddress(address)) return false;
  if (bits === undefined) return true;
  const [least, most] = isMapped(address) ? [96, 128] : [0, address.includes(":") ? 128 : 32];
  return /^\d{1,3}$/.test(bits) && Number(bits) >= least && Number(bits) <= most;
}

/** A number of proxies, or a list of addresses and CIDRs. */
function proxies(typed: string): number | string[] {
  const text = typed.trim();
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_PROXIES) return count;
  const list = text.split(",").map((each) => each.trim());
  if (list.every(isNetwork)) return list;
  throw new Error(
    `a number of proxies from 1 to ${MOST_PROXIES}, or addresses and CIDRs with commas between`,
  );
}

/** The proxies before a server (docs/server.md#addresses-of-clients). */
export const proxyOptions = {
  trustProxy: {
    flag: "trust-proxy",
    value: "PROXIES",
    env: ["AI_CHAT_TRUST_PROXY"],
    help: "number of proxies in front, or their addresses",
    shown: "none",
    fallback: undefined,
    parse: proxies,
    read: (value) =>
      proxies(typeof value === "number" ? String(value) : typeof value === "string" ? value : ""),
    schema: {
      anyOf: [
        { type: "integer", minimum: 1, maximum: MOST_PROXIES },
        { type: "string", pattern: "[\\d:]" },
      ],
    },
  } satisfies Option<number | string[] | undefined> as Option<number | string[] | undefined>,
};
