import { expect, test } from "vitest";
import { csvLine } from "../../../src/text/csv.ts";

test("a line ends in CRLF, null is an empty cell, and numbers are numbers", () => {
  expect(csvLine([1, "grant", -100, null, 0])).toBe("1,grant,-100,,0\r\n");
});

test("quotes, commas and line ends are quoted", () => {
  expect(csvLine(['a "b"', "c,d", "e\nf", "g\rh", " i "])).toBe('"a ""b""","c,d","e\nf","g\rh", i \r\n');
});

test("text that a spreadsheet would run gets an apostrophe in front", () => {
  const texts = ["=1+1", "+1", "-1", "@a", "\tb", "\rc", "\nd"];
  const guarded = csvLine(texts);
  expect(guarded).toBe("'=1+1,'+1,'-1,'@a,'\tb,\"'\rc\",\"'\nd\"\r\n");
  expect(csvLine(['=HYPERLINK("x","y")'])).toBe('"\'=HYPERLINK(""x"",""y"")"\r\n');
  expect(csvLine(["a=b", "a-b", "", "1-2"])).toBe("a=b,a-b,,1-2\r\n");
});
