import { BlockList, isIP } from "node:net";

const bare = (host: string) => host.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");

/** Whether an address is `entry`, or in the network that `entry` names in CIDR form. */
function holds(entry: string, address: string): boolean {
  const [, network = "", bits] = /^\[?([^\]/]*)\]?(?:\/(\d{1,3}))?\]?$/.exec(entry) ?? [];
  const family = (text: string) => (isIP(text) === 6 ? "ipv6" : "ipv4");
  const most = isIP(network) === 6 ? 128 : 32;
  if (isIP(network) === 0 || Number(bits ?? 0) > most) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits ?? most), family(network));
  return list.check(address, family(address));
}

/** Whether a name is `entry` or below it. */
function isBelow(entry: string, name: string): boolean {
  const domain = bare(entry.replace(/^\*?\./, ""));
  return domain !== "" && (name === domain || name.endsWith(`.${domain}`));
}

/**
 * Whether NO_PROXY says that a host is reached directly, as in curl: `*` alone for all; names with all names below them;
 * addresses, and networks in CIDR form. Entries have commas or spaces between, and may end in `:PORT`. `hostname` as `URL`
 * has it.
 */
export function isExcepted(none: string, { hostname, port }: { hostname: string; port: number }): boolean {
  if (none.trim() === "*") return true;
  const host = bare(hostname.toLowerCase());
  const matches = isIP(host) === 0 ? isBelow : holds;
  return none
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      const [, before = "", wanted] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? [undefined, entry];
      return (wanted === undefined || Number(wanted) === port) && matches(before, host);
    });
}
