import { expect, test } from "vitest";
import { isExcepted } from "../../../../src/cli/connection/no-proxy.ts";

/** docs/cli.md#proxies */

test.each<[none: string, url: string, excepted: boolean]>([
  ["*", "http://chat.example", true],
  ["a.example,*", "http://chat.example", false],
  ["", "http://chat.example", false],
  ["chat.example", "http://chat.example", true],
  ["CHAT.example", "http://deep.chat.example", true],
  [".example", "https://chat.example", true],
  ["example.", "https://chat.example", true],
  ["ample", "https://chat.example", false],
  ["chat.example:443", "https://chat.example", true],
  ["chat.example:443", "http://chat.example", false],
  ["a.example, 192.168.0.0/16", "http://192.168.7.1:8000", true],
  ["192.168.0.0/16", "http://192.169.0.1", false],
  ["192.168.0.0/16", "http://192.168.0.1.example", false],
  ["192.168.7.1", "http://192.168.7.1", true],
  ["192.168.7.1:80", "http://192.168.7.1", true],
  ["168.7.1", "http://192.168.7.1", false],
  ["10.0.0.0/33", "http://10.0.0.1", false],
  ["fd00::/8", "http://[fd12::1]", true],
  ["[fd00::]/8 b", "http://[fd12::1]", true],
  ["fd12::1", "http://[fd12:0::1]", true],
  ["[fd12::1]:80", "http://[fd12::1]", true],
  ["[fd12::1]:81", "http://[fd12::1]", false],
  ["fd00::/8", "http://10.0.0.1", false],
  ["0.0.0.0/0", "http://10.0.0.1", true],
])("NO_PROXY=%j excepts %s: %s", (none, url, excepted) => {
  const { hostname, port, protocol } = new URL(url);
  const at = { hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
  expect(isExcepted(none, at)).toBe(excepted);
});
