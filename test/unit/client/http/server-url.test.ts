import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpoint, normalizeServer } from "../../../../src/client/http/server-url.ts";

describe("normalizeServer", () => {
  it("completes scheme and port, and writes one address for each server", () => {
    const rows = [
      ["localhost:8000", "http://localhost:8000"],
      ["localhost", "http://localhost"],
      ["LOCALHOST:80", "http://localhost"],
      ["127.0.0.1:8000", "http://127.0.0.1:8000"],
      ["127.1", "http://127.0.0.1"],
      ["[::1]:8000", "http://[::1]:8000"],
      ["chat.example.org", "https://chat.example.org"],
      ["chat.example.org:443", "https://chat.example.org"],
      ["chat.example.org:80", "https://chat.example.org:80"],
      ["chat.example.org:8443/Chat/", "https://chat.example.org:8443/Chat"],
      ["127.0.0.1.example.org", "https://127.0.0.1.example.org"],
      ["HTTP://Chat.Example.ORG:80/", "http://chat.example.org"],
      ["https://localhost", "https://localhost"],
      ["http://example.org/a//", "http://example.org/a"],
      ["  http://example.org  ", "http://example.org"],
      ["https://bücher.example", "https://xn--bcher-kva.example"],
    ] as const;
    for (const [typed, server] of rows) expect(normalizeServer(typed), typed).toBe(server);
  });

  it("refuses what is no address, in words that don't repeat it", () => {
    const rows = [
      "",
      "   ",
      "ftp://example.org",
      "file:///etc/passwd",
      "http:example.org",
      "https:/example.org",
      "//example.org",
      "/path",
      "http://",
      "jane:hunter22@example.org",
      "http://jane:hunter22@example.org",
      "https://jane@example.org",
      "http://example.org?hunter22",
      "http://example.org/#hunter22",
      "http://exa mple.org",
      "http:\\\\example.org",
      "javascript:alert(1)",
      "example.org:99999",
      "8000",
      "::1",
      "--json",
      "-q",
    ];
    for (const typed of rows) {
      const refusal = () => normalizeServer(typed);
      expect(refusal, typed).toThrow(
        expect.objectContaining({ code: "usage", remedy: { kind: "name_server" } }),
      );
      expect(refusal, typed).not.toThrow("hunter22");
    }
  });

  it("changes nothing the second time", () => {
    // fc.webPath takes four seconds to make.
    const path = fc.array(
      fc.oneof(
        fc.constantFrom("", "..", "%2e", "a%20b", "%2F"),
        fc.string({ unit: fc.constantFrom(...Array.from("aZ0ü.-_~%:@!$&'()*+,;=")) }),
      ),
    );
    const authority = fc.webAuthority({ withIPv4: true, withPort: true });
    const urls = fc
      .tuple(fc.constantFrom("http", "https"), authority, path)
      .map(([scheme, at, parts]) => `${scheme}://${[at, ...parts].join("/")}`);
    fc.assert(
      fc.property(
        urls.filter((url) => URL.canParse(url)),
        (url) => {
          const once = normalizeServer(url);
          expect(normalizeServer(once)).toBe(once);
        },
      ),
    );
  });
});

describe("endpoint", () => {
  it("ends with the slash of the documented paths, below the server's own path", () => {
    expect(endpoint("https://example.org/chat", "/api/login")).toBe("https://example.org/chat/api/login/");
  });
});
