import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { told } from "../../../../src/text/loose-json.ts";
import { problemError } from "../../../../src/client/http/reply-error.ts";
import { jsonWords, pageWords } from "../../../../src/client/http/reply-words.ts";

describe("jsonWords", () => {
  it("finds the sentence in each dialect", () => {
    const rows: [dialect: string, body: unknown, sentence: string | undefined][] = [
      ["a problem document", { title: "Bad", detail: "Too long.", error: "Too long." }, "Too long."],
      ["its title where there is no more", { title: "Bad request", status: 400 }, "Bad request"],
      ["error", { error: "No." }, "No."],
      ["detail", { detail: "No." }, "No."],
      ["message", { message: "No." }, "No."],
      ["an object under error", { error: { message: "No.", type: "x" } }, "No."],
      [
        "fields and messages",
        { username: ["Taken.", "Ugly."], age: "Low." },
        "username: Taken.\nusername: Ugly.\nage: Low.",
      ],
      ["a complaint about no field", { non_field_errors: ["Wrong password."] }, "Wrong password."],
      ["fields under errors", { errors: { password: ["Too short."] } }, "password: Too short."],
      [
        "a list of complaints",
        { detail: [{ loc: ["body", "username"], msg: "Missing" }] },
        "username: Missing",
      ],
      ["msg", { msg: "No." }, "No."],
      ["fields under message", { message: { username: "Missing" } }, "username: Missing"],
      ["a bare string", "No.", "No."],
      ["a list of strings", ["No."], "No."],
      ["lines and colours", { error: "\u001B[31mNo\n  way\u001B[0m" }, "No way"],
      ["nothing", {}, undefined],
      ["numbers", { code: 7 }, undefined],
      ["null", null, undefined],
    ];
    for (const [dialect, body, sentence] of rows) expect(jsonWords(body).sentence, dialect).toBe(sentence);
  });

  it("gives every complaint about a field, as this package's server writes them", () => {
    const errors = [
      { field: "username", detail: "Missing." },
      { field: "password", detail: "Short." },
    ];
    expect(jsonWords({ detail: "Two things are wrong.", errors })).toEqual({
      sentence: "Two things are wrong.",
      fields: errors,
    });
  });

  it("copes with whatever JSON comes, within bounds", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const { sentence = "", fields } = jsonWords(body);
        const lines = sentence.split("\n");
        expect(lines.length).toBeLessThanOrEqual(20);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(362);
        expect(fields.length).toBeLessThanOrEqual(20);
      }),
    );
  });
});

describe("pageWords", () => {
  it("takes the title of a page, else its first words", () => {
    const rows: [text: string, words: string | undefined][] = [
      ["<html><head><title>\n Bad &amp; ugly </title></head>", "Bad & ugly"],
      ["<h1>Not Found</h1><p>Nothing here.</p>", "Not Found Nothing here."],
      ["<style>p{}</style><script>alert(1)</script><p>Sorry", "Sorry"],
      ["Service\nstack of lines", "Service"],
      ["  \n ", undefined],
      ["<script>endless", undefined],
    ];
    for (const [text, words] of rows) expect(pageWords(text), text).toBe(words);
  });
});

describe("told", () => {
  it("reads a number, and guesses none", () => {
    const rows: [value: unknown, tokens: number | null][] = [
      [3900, 3900],
      [0, 0],
      ["3900", 3900],
      [" 3900.00 ", 3900],
      ["", null],
      ["3,900", null],
      ["many", null],
      [null, null],
      [undefined, null],
      [Number.NaN, null],
      [true, null],
      ["1e999", null],
    ];
    for (const [value, tokens] of rows) expect(told(value), String(value)).toBe(tokens);
  });
});

describe("problemError", () => {
  it("reports a question that may have been charged, as this package's server says", () => {
    const chargedBy = (json: object) =>
      problemError({ status: 503, call: "chat", json, text: "", secrets: [] }).charged;
    expect(chargedBy({ code: "store_unavailable", detail: "Lost.", in_doubt: true })).toBe("maybe");
    expect(chargedBy({ code: "store_unavailable", detail: "Lost." })).toBe("no");
  });

  it("hides a secret however it is echoed", () => {
    for (const secret of ['pass"word\\1', "pass  word", "password"]) {
      const echoes = [secret, JSON.stringify(secret)];
      for (const echo of echoes) {
        const json = { error: `Bad: ${echo}`, errors: [{ field: "password", detail: `Bad: ${echo}` }] };
        const error = problemError({ status: 400, call: "login", json, text: "", secrets: [secret] });
        const shown = [error.message, error.fields?.[0]?.detail].join();
        expect(shown, secret).not.toMatch(/pass"|pass\\|pass +word|password/);
      }
    }
  });

  const token = `eyJhbGciOiJIUzI1NiJ9.${"Tk9".repeat(60)}.c2lnbmF0dXJl`;
  const cutAt = [0, 40, 100, 160, 200, 299];

  it("shows no part of a token that the sentence is cut in", () => {
    for (const before of cutAt) {
      const json = { detail: `${"x".repeat(before)} ${token} is bad ${"x".repeat(200)}` };
      const error = problemError({ status: 401, call: "chat", json, text: "", secrets: [token] });
      expect(error.message, `after ${before}`).not.toMatch(/eyJ|Tk9/);
    }
  });

  it("shows no part of one that a page is cut in", () => {
    for (const before of cutAt) {
      const text = `<title>${"x".repeat(before)} ${token}</title>`;
      const error = problemError({ status: 500, call: "chat", json: undefined, text, secrets: [token] });
      expect(error.message, `after ${before}`).not.toMatch(/eyJ|Tk9/);
    }
  });

  it("hides a password that a page wrote with entities", () => {
    const text = "<h1>No: a&amp;b&lt;c&quot;d</h1>";
    const error = problemError({ status: 500, call: "login", json: undefined, text, secrets: ['a&b<c"d'] });
    expect(error.message).toBe("The server answered 500: No: …");
  });

  it("has no gap where a password of common words fits", () => {
    for (const secret of ["wrong", "password", "username"]) {
      const message = "The username or the password is wrong.";
      const json = { code: "invalid_credentials", detail: message, error: message };
      const error = problemError({ status: 401, call: "login", json, text: "", secrets: [secret] });
      expect(error.message, secret).toBe(message);
    }
  });

  it("has no gap in the sentence about a limit either", () => {
    for (const secret of ["wrong", "passwords", "accounts"]) {
      const json = { code: "rate_limited", detail: "Too many wrong passwords, or accounts." };
      for (const call of ["login", "register", "password"] as const) {
        const { message } = problemError({ status: 429, call, json, text: "", secrets: [secret] });
        expect(message, secret).toBe("There were too many tries.");
      }
    }
  });

  it("hides a token that came back as the request's id", () => {
    const known = { status: 500, call: "chat" as const, json: {}, text: "", secrets: [token] };
    expect(problemError({ ...known, requestId: token }).requestId).toBe("…");
  });
});
