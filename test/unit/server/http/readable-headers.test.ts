import { expect, test } from "vitest";
import { readableHeaders } from "../../../../src/protocol/readable-headers.ts";
import { replyHeaders } from "../../../../src/server/http/openapi/headers.ts";

/** Of no use to a page. */
const others = ["Content-Encoding", "Vary", "X-Accel-Buffering"];

/** Of replies that are not described one by one: 405, and those to OPTIONS. */
const ofAllPaths = ["Allow"];

test("pages of other origins can read the headers that the description of the API has", () => {
  const described = Object.keys(replyHeaders).filter((name) => !others.includes(name));
  expect([...readableHeaders].sort()).toEqual([...described, ...ofAllPaths].sort());
});
