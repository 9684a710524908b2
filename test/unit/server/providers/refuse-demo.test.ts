import { expect, test } from "vitest";
import { refuseDemo } from "../../../../src/server/providers/choose.ts";

test("the demo may answer by default on loopback alone", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
    expect(() => refuseDemo(host), host).not.toThrow();
  for (const host of [
    "0.0.0.0",
    "::",
    "192.168.0.1",
    "127.0.0.1.example.org",
    "localhost.example.org",
    "chat",
  ])
    expect(() => refuseDemo(host), host).toThrow(/No AI is connected/);
});
