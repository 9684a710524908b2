import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { createClientAddresses, type TrustedProxies } from "../../../../src/server/http/client-address.ts";

const socketOf = (remoteAddress: string | undefined) => ({ remoteAddress }) as Socket;
const requestOf = (peer: string | undefined, forwarded?: string) =>
  ({
    socket: socketOf(peer),
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as unknown as IncomingMessage;

function addressesWith(trustProxy: TrustedProxies | undefined) {
  const warnings: string[] = [];
  const addresses = createClientAddresses({ trustProxy, warn: (sentence) => void warnings.push(sentence) });
  return { warnings, ...addresses };
}

const clientOf = (trustProxy: TrustedProxies | undefined, peer: string, forwarded?: string) =>
  addressesWith(trustProxy).of(requestOf(peer, forwarded));

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:C000:0207", "192.0.2.7"],
  ["2001:DB8:0:1:aaaa:bbbb:cccc:dddd", "2001:db8:0:1::/64"],
  ["2001:db8::1", "2001:db8::/64"],
  ["2001:db8:1::1", "2001:db8:1::/64"],
  ["fe80::1%eth0", "fe80::/64"],
  ["64:ff9b::192.0.2.7", "64:ff9b::/64"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4::/64"],
  ["::5:6:7:8", "::/64"],
  ["::1", "::1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
])("the client at %s is %s", (peer, client) => {
  expect(clientOf(undefined, peer)).toBe(client);
});

test("two addresses of one IPv6 network are one client, and those of two are not", () => {
  const of = (peer: string) => clientOf(undefined, peer);
  expect(of("2001:db8:0:1::1")).toBe(of("2001:db8:0:1:ffff:ffff:ffff:ffff"));
  expect(of("2001:db8:0:1::1")).not.toBe(of("2001:db8:0:2::1"));
});

const proxies = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::ffff:198.51.100.0/120"];
test.each([
  // Nobody is trusted: the header is not read.
  [undefined, "192.0.2.7", "203.0.113.5", "192.0.2.7"],
  [undefined, "127.0.0.1", "203.0.113.5", "127.0.0.1"],
  // Hops.
  [1, "192.0.2.7", undefined, "192.0.2.7"],
  [1, "192.0.2.7", "203.0.113.5", "203.0.113.5"],
  [1, "192.0.2.7", "198.51.100.1, 203.0.113.5", "203.0.113.5"],
  [2, "192.0.2.7", "198.51.100.1, 203.0.113.5", "198.51.100.1"],
  [2, "192.0.2.7", "203.0.113.5", "203.0.113.5"],
  [3, "192.0.2.7", "made up, 198.51.100.1 ,203.0.113.5", "198.51.100.1"],
  [1, "192.0.2.7", "", "192.0.2.7"],
  [1, "192.0.2.7", "198.51.100.1, unknown", "192.0.2.7"],
  [1, "192.0.2.7", "198.51.100.1, 010.0.0.1", "192.0.2.7"],
  [1, "192.0.2.7", "198.51.100.1, 203.0.113.5:4711", "203.0.113.5"],
  [1, "192.0.2.7", "[2001:db8:0:1::5]:4711", "2001:db8:0:1::/64"],
  [1, "192.0.2.7", "[2001:db8:0:1::5]", "2001:db8:0:1::/64"],
  [1, "192.0.2.7", "::ffff:203.0.113.5", "203.0.113.5"],
  [1, "::1", "2001:db8:0:1::5", "2001:db8:0:1::/64"],
  // A list.
  [proxies, "10.1.2.3", "198.51.100.1, 203.0.113.5", "203.0.113.5"],
  [proxies, "::ffff:10.1.2.3", "203.0.113.5, 10.9.9.9, 192.0.2.1", "203.0.113.5"],
  [proxies, "2001:db8:1::1", "203.0.113.5, 10.9.9.9", "203.0.113.5"],
  [proxies, "198.51.100.9", "203.0.113.5", "203.0.113.5"],
  [proxies, "198.51.101.9", "203.0.113.5", "198.51.101.9"],
  [proxies, "192.0.2.2", "203.0.113.5", "192.0.2.2"],
  [proxies, "127.0.0.1", "203.0.113.5", "127.0.0.1"],
  [proxies, "10.1.2.3", "203.0.113.5, junk, 10.9.9.9", "10.9.9.9"],
  [proxies, "10.1.2.3", "10.4.4.4, 10.9.9.9", "10.4.4.4"],
  [["::1"], "::1", "203.0.113.5", "203.0.113.5"],
] as const)("with %j, %s and the header %j are the client %s", (trusted, peer, forwarded, client) => {
  expect(clientOf(trusted, peer, forwarded)).toBe(client);
});

test("a request from this machine with X-Forwarded-For brings one warning, if no proxy is trusted", () => {
  const { of, warnings } = addressesWith(undefined);
  of(requestOf("127.0.0.1"));
  of(requestOf("192.0.2.7", "203.0.113.5"));
  expect(warnings).toEqual([]);
  of(requestOf("::1", "203.0.113.5"));
  of(requestOf("127.0.0.1", "203.0.113.5"));
  expect(warnings).toEqual([expect.stringMatching(/limits by address are off.*--trust-proxy 1/)]);
  const trusting = addressesWith(1);
  trusting.of(requestOf("127.0.0.1", "203.0.113.5"));
  expect(trusting.warnings).toEqual([]);
});

test("limits by address leave loopback out, unless a proxy is trusted", () => {
  const exempt = addressesWith(undefined);
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", ""]) expect(exempt.isLimited(address)).toBe(false);
  for (const address of ["192.0.2.7", "2001:db8::/64"]) expect(exempt.isLimited(address)).toBe(true);
  for (const trusted of [1, ["10.0.0.0/8"]] as const) {
    expect(addressesWith(trusted).isLimited("127.0.0.1")).toBe(true);
    expect(addressesWith(trusted).isLimited("")).toBe(false);
  }
});

test("connections of loopback, of Unix sockets and of trusted proxies are nobody's in particular", () => {
  const { ofConnection } = addressesWith(undefined);
  expect([undefined, "127.0.0.1", "::1"].map((peer) => ofConnection(socketOf(peer)))).toEqual(
    Array(3).fill(undefined),
  );
  expect(ofConnection(socketOf("10.1.2.3"))).toBe("10.1.2.3");
  expect(ofConnection(socketOf("2001:db8:0:1::5"))).toBe("2001:db8:0:1::/64");
  const listed = addressesWith(proxies);
  expect(listed.ofConnection(socketOf("10.1.2.3"))).toBeUndefined();
  expect(listed.ofConnection(socketOf("11.1.2.3"))).toBe("11.1.2.3");
  expect(addressesWith(1).ofConnection(socketOf("11.1.2.3"))).toBeUndefined();
});

test("a connection that has closed keeps its address", () => {
  const { of } = addressesWith(undefined);
  const request = requestOf("192.0.2.7");
  of(request);
  Object.assign(request.socket, { remoteAddress: undefined });
  expect(of(request)).toBe("192.0.2.7");
});
