import { expect, test } from "vitest";
import { metricsOptions } from "../../../../src/cli/argv/metrics-options.ts";

const { parse, read } = metricsOptions.metrics;

test.each([
  ["9100", "127.0.0.1", 9100],
  [" 0 ", "127.0.0.1", 0],
  ["65535", "127.0.0.1", 65535],
  ["0.0.0.0:9100", "0.0.0.0", 9100],
  ["localhost:1", "localhost", 1],
  ["[::1]:9100", "::1", 9100],
  ["[fe80::1%eth0]:9100", "fe80::1%eth0", 9100],
])("--metrics %j is a place", (typed, host, port) => {
  expect(parse(typed)).toEqual({ host, port });
});

test.each([
  "",
  "x",
  "65536",
  "-1",
  "1.5",
  ":9100",
  "::1:9100",
  "[::1]",
  "h:",
  "h:x",
  "a:1:2",
  "[h]:1",
  "http://h:1",
])("--metrics %j is refused", (typed) => {
  expect(() => parse(typed)).toThrow("a port from 0 to 65535");
});

test("in a file it may be a number", () => {
  expect(read(9100)).toEqual({ host: "127.0.0.1", port: 9100 });
  for (const value of [1.5, -1, true, null, {}]) expect(() => read(value)).toThrow("a port from");
});
