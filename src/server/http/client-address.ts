import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv6, type Socket } from "node:net";

/** Proxies whose X-Forwarded-For is taken: how many are in a row before the server, or their addresses and CIDRs. */
export type TrustedProxies = number | readonly string[];

/**
 * Addresses of clients, for the log and for limits (docs/server.md#addresses-of-clients). An address is `192.0.2.7`, or
 * the network of an IPv6 address, `2001:db8:0:1::/64`: one client has a whole one. "" is a Unix socket, or a connection
 * that was gone at once.
 */
export interface ClientAddresses {
  /** Of the client that sent a request. */
  of: (req: IncomingMessage) => string;
  /** Of the other end of a connection; undefined if it may hold any number: loopback, a Unix socket, a trusted proxy. */
  ofConnection: (socket: Socket) => string | undefined;
  /** Whether limits by address hold for it. Without trusted proxies loopback has none: all clients of a proxy share it. */
  isLimited: (address: string) => boolean;
}

const WARNING =
  "Requests come through a proxy on this machine, so limits by address are off. Set --trust-proxy 1, or more if several proxies are in a row.";

/** See {@link ClientAddresses}. `warn` gets one sentence if a proxy is there that was not named. */
export function createClientAddresses({
  trustProxy,
  warn,
}: {
  trustProxy: TrustedProxies | undefined;
  warn: (sentence: string) => void;
}): ClientAddresses {
  const trusts = trustOf(trustProxy);
  const peers = new WeakMap<Socket, string>();
  let warned = false;

  /** Read once, because a socket that is closed no longer knows. */
  function peerOf(socket: Socket): string {
    const known = peers.get(socket);
    if (known !== undefined) return known;
    const peer = canonical(socket.remoteAddress ?? "") ?? "";
    peers.set(socket, peer);
    return peer;
  }

  function warnOnce(): void {
    if (warned) return;
    warned = true;
    warn(WARNING);
  }

  return {
    of(req) {
      const peer = peerOf(req.socket);
      const forwarded = req.headers["x-forwarded-for"];
      if (forwarded === undefined) return network(peer);
      if (trusts) return network(clientOf(peer, String(forwarded), trusts));
      if (isLoopback(peer)) warnOnce();
      return network(peer);
    },
    ofConnection(socket) {
      const peer = peerOf(socket);
      const isFree = peer === "" || isLoopback(peer) || trusts?.(peer, 0) === true;
      return isFree ? undefined : network(peer);
    },
    isLimited: (address) => address !== "" && (trusts !== undefined || !isLoopback(address)),
  };
}

/** `hop`: 0 for the other end of the connection, 1 for the one before it. */
type Trusts = (address: string, hop: number) => boolean;

function trustOf(proxies: TrustedProxies | undefined): Trusts | undefined {
  if (proxies === undefined) return undefined;
  if (typeof proxies === "number") return (_address, hop) => hop < proxies;
  const list = new BlockList();
  for (const proxy of proxies) addTo(list, proxy);
  return (address) => address !== "" && list.check(address, familyOf(address));
}

const familyOf = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");

function addTo(list: BlockList, proxy: string): void {
  const [text = "", bits] = proxy.split("/");
  const address = canonical(text) ?? text;
  const family = familyOf(address);
  if (bits === undefined) list.addAddress(address, family);
  // The bits of an IPv4 address that is written as IPv6 begin after 96 others.
  else list.addSubnet(address, Number(bits) - (family === "ipv4" && isIPv6(text) ? 96 : 0), family);
}

/**
 * The last address of X-Forwarded-For that no trusted proxy has. What a trusted proxy wrote is taken, what stands before
 * that may be made up: if it is no address, the client is the last one that was.
 */
function clientOf(peer: string, forwarded: string, trusts: Trusts): string {
  let address = peer;
  const before = forwarded.split(",").reverse();
  for (let hop = 0; trusts(address, hop) && hop < before.length; hop += 1) {
    const next = canonical(before[hop]!.trim());
    if (next === undefined) return address;
    address = next;
  }
  return address;
}

/** Some proxies write `192.0.2.7:1234` and `[2001:db8::1]:1234`. A zone (`fe80::1%eth0`) has a meaning here only. */
const bare = (text: string) =>
  (/^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text).replace(/%.*$/, "");

/** The one form of an address; undefined if it is none. */
function canonical(text: string): string | undefined {
  const address = bare(text);
  const version = isIP(address);
  if (version !== 6) return version === 4 ? address : undefined;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short);
  if (!mapped) return short;
  const [high, low] = mapped.slice(1).map((group) => Number.parseInt(group, 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

const isLoopback = (address: string) => address === "::1" || address.startsWith("127.");

/** What counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address. */
function network(address: string): string {
  if (!address.includes(":") || isLoopback(address)) return address;
  const [left = [], right = []] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  const start = new URL(`http://[${groups.slice(0, 4).join(":")}::]`).hostname.slice(1, -1);
  return `${start}/64`;
}
