import { expect, test } from "vitest";
import { corsOptions } from "../../../../src/cli/argv/cors-options.ts";
import { resolve } from "../../../../src/cli/argv/resolve.ts";

const { parse, read } = corsOptions.corsOrigin;

test.each([
  ["https://app.example.org", "https://app.example.org"],
  ["https://App.Example.org/", "https://app.example.org"],
  ["HTTPS://app.example.org:443", "https://app.example.org"],
  ["http://app.example.org:80/", "http://app.example.org"],
  ["http://app.example.org:443", "http://app.example.org:443"],
  [" http://localhost:3000 ", "http://localhost:3000"],
  ["http://[::1]:3000", "http://[::1]:3000"],
  ["http://[0:0::1]", "http://[::1]"],
  ["https://bücher.example", "https://xn--bcher-kva.example"],
  ["chrome-extension://abcdefgh", "chrome-extension://abcdefgh"],
  ["app://Notes.md", "app://notes.md"],
])("%j is the origin that browsers send as %s", (typed, sent) => {
  expect(parse(typed)).toEqual([sent]);
  expect(read([typed])).toEqual([sent]);
});

test("several are separated by commas, are given again, or are a list in the file; none counts twice", () => {
  const two = ["http://a", "http://b"];
  expect(parse("http://a, http://b,http://a/")).toEqual(two);
  expect(parse("http://a\0http://b\0http://A")).toEqual(two);
  expect(read(["http://a", "http://b"])).toEqual(two);
  expect(read("http://a,http://b")).toEqual(two);
  expect(read([])).toEqual([]);
});

const refusals: [typed: string, reason: RegExp][] = [
  ["*", /a wildcard would let in/],
  ["https://*.example.org", /a wildcard would let in/],
  ["null", /null is sent by local files/],
  ["NULL", /null is sent by local files/],
  ["file:///srv/page.html", /null is sent by local files/],
  ["https://app.example.org/chat", /such as https:\/\/app\.example\.org \(scheme, host and port, no more\)/],
  ["https://App.example.org:443/?a", /such as https:\/\/app\.example\.org \(scheme/],
  ["https://user:word@app.example.org", /such as https:\/\/app\.example\.org \(scheme/],
  ["app://notes/page", /such as app:\/\/notes \(scheme/],
  ["app.example.org", /such as https:/],
  ["localhost:3000", /such as https:/],
  ["//app.example.org", /such as https:/],
  ["https:app.example.org", /such as https:/],
  ["https://app.example.org:99999", /such as https:/],
  ["https://a b", /such as https:/],
  ["wss://app.example.org", /such as https:/],
  ["javascript://app", /such as https:/],
  ["data:text/html,x", /such as https:/],
  ["", /such as https:/],
];
test.each(refusals)("%j is refused with a reason", (typed, reason) => {
  expect(() => parse(typed)).toThrow(reason);
  expect(() => read([typed])).toThrow(reason);
  expect(() => parse(`http://a,${typed}`)).toThrow(reason);
});

test.each([1, {}, null, [1], ["http://a", null]])("%j in the file is no origin", (value) => {
  expect(() => read(value)).toThrow("a text, or a list of texts");
});

test("a complaint repeats what was typed, without a password", () => {
  const flags = new Map([["corsOrigin", "http://a\0https://user:word@b"]] as const);
  const { complaints } = resolve(["corsOrigin"], { flags, env: {}, setting: () => undefined });
  expect(complaints).toEqual([
    '--cors-origin must be origins as browsers send them, such as https://b (scheme, host and port, no more), not "http://a https://…@b".',
  ]);
});
