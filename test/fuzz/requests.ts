import { brotliCompressSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { routes } from "../../src/protocol/routes.ts";
import { PASSWORD } from "../support/test-server.ts";

/** A request that HTTP allows, whatever it asks for. */
export interface Fuzzed {
  method: string;
  path: string;
  /** Names and values in turn. */
  headers: string[];
  body: Buffer;
  isChunked: boolean;
}

/** Stands for the token of the account that the requests are about. */
export const TOKEN = "THE-TOKEN";

/** Nine times out of ten the first: most requests are wrong in one or two places. */
const mostly = <T>(usual: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]) =>
  fc.oneof({ arbitrary: usual, weight: 9 * others.length }, ...others);
const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const text = fc.oneof(
  word,
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", " ", "\0", "\ud800"),
);
const turn = fc.record({ role: fc.constantFrom("user", "assistant"), content: text });

/** For each route its method, and a body that it may take. */
const valid: Record<keyof typeof routes, [method: string, body: fc.Arbitrary<unknown>]> = {
  about: ["GET", fc.constant({})],
  models: ["GET", fc.constant({})],
  balance: ["GET", fc.constant({})],
  usage: ["GET", fc.constant({})],
  openAiModels: ["GET", fc.constant({})],
  openAiModel: ["GET", fc.constant({})],
  completions: [
    "POST",
    fc.record(
      {
        messages: mostly(
          fc.array(fc.record({ role: fc.constantFrom("system", "user", "assistant"), content: text }), {
            maxLength: 4,
          }),
          fc.jsonValue(),
        ),
        model: mostly(fc.constant("fake-model"), fc.constantFrom("another", "")),
        stream: fc.boolean(),
        n: mostly(fc.constant(1), fc.constant(2)),
        temperature: fc.double(),
        service_tier: mostly(fc.constant(null), fc.constant("priority")),
      },
      { requiredKeys: ["messages"] },
    ),
  ],
  health: ["GET", fc.constant({})],
  ready: ["GET", fc.constant({})],
  openApi: ["GET", fc.constant({})],
  register: [
    "POST",
    fc.record({ username: fc.oneof(word, text), password: fc.constantFrom(PASSWORD, "short") }),
  ],
  login: ["POST", fc.record({ username: word, password: fc.constantFrom(PASSWORD, "a wrong one") })],
  logout: ["POST", fc.constant({})],
  apiKeys: [
    "POST",
    fc.record(
      {
        name: fc.oneof(word, text),
        limit: fc.constantFrom(null, { tokens: 100, per: "day" }, { tokens: 0, per: "year" }),
        expires_at: fc.constantFrom(null, "2999-12-31T00:00:00Z", "soon"),
      },
      { requiredKeys: ["name"] },
    ),
  ],
  apiKey: ["DELETE", fc.constant({})],
  // The password stays the same.
  password: [
    "POST",
    fc.record({
      password: fc.constantFrom(PASSWORD, "a wrong one"),
      new_password: fc.constantFrom(PASSWORD, "short"),
    }),
  ],
  chat: [
    "POST",
    fc.record(
      {
        message: fc.oneof(fc.constant("hello"), word, text),
        history: fc.array(turn, { maxLength: 4 }),
        model: mostly(fc.constant("fake-model"), fc.constantFrom("another", "")),
        token: mostly(fc.constant(TOKEN), fc.constant("another")),
      },
      { requiredKeys: ["message"] },
    ),
  ],
};

const oneOf = fc.constantFrom<string[]>;

const bodyLike = (body: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> => {
  const json = body.map((value) => JSON.stringify(value));
  const changed = fc
    .tuple(
      body,
      fc.constantFrom("message", "messages", "stream", "history", "model", "token", "username", "password"),
      fc.jsonValue(),
    )
    .map(([value, field, other]) => JSON.stringify({ ...(value as object), [field]: other }));
  const cut = fc.tuple(json, fc.nat(40)).map(([whole, at]) => whole.slice(0, at));
  const texts = mostly(
    json,
    changed,
    cut,
    fc.json(),
    fc.constant(""),
    fc.constant(`"${"x".repeat(20_000)}"`),
  );
  return mostly(
    texts.map((whole) => Buffer.from(whole)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
};

const maybe = (name: string, value: fc.Arbitrary<string>) =>
  mostly<string[]>(
    fc.constant([]),
    value.map((is) => [name, is]),
  );
/** With or without. */
const either = (name: string, value: fc.Arbitrary<string>) =>
  fc.option(value, { nil: "", freq: 2 }).map((is) => (is === "" ? [] : [name, is]));
const visible = fc.stringMatching(/^[!-~]([ -~\x80-\xff]{0,30}[!-~])?$/);

const headers = fc
  .tuple(
    mostly(
      oneOf(["Authorization", `Bearer ${TOKEN}`]),
      oneOf([], ["Authorization", `token ${TOKEN}`], ["authorization", `Basic ${TOKEN}`]),
      oneOf(["Authorization", "Bearer"], ["Authorization", "Bearer x", "Authorization", "Bearer y"]),
      visible.map((is) => ["Authorization", is]),
    ),
    mostly(
      oneOf(["Content-Type", "application/json"]),
      oneOf([], ["Content-Type", "text/plain"], ["Content-Type", "application/json; charset=latin1"]),
      visible.map((is) => ["Content-Type", is]),
    ),
    either("Accept", mostly(fc.constantFrom("text/event-stream", "text/event-stream;q=0.1, */*"), visible)),
    either(
      "Idempotency-Key",
      mostly(fc.constantFrom("a", '"a"', '"b";v=1', "c"), fc.constantFrom('""', '"'), visible),
    ),
    maybe("X-Request-Id", mostly(word, visible)),
    maybe("Expect", mostly(fc.constant("100-continue"), visible)),
    maybe("X-Forwarded-For", mostly(fc.constantFrom("10.0.0.1", "::1, junk", ","), visible)),
    mostly(oneOf(["Host", "chat.example.org"]), oneOf([], ["Host", "a", "Host", "b"], ["Host", ""])),
  )
  .map((some) => some.flat());

const packings: Record<string, (body: Buffer) => Buffer> = {
  gzip: (body) => gzipSync(body),
  br: (body) => brotliCompressSync(body),
  deflate: (body) => body,
  zstd: (body) => body,
};
const packing = mostly<string | undefined>(fc.constant(undefined), fc.constantFrom(...Object.keys(packings)));

const methods = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"];
const pathLike = (path: string) =>
  mostly(
    fc.constantFrom(path, `${path}/`),
    fc.constantFrom(
      `${path}//`,
      `/${path}`,
      path.toUpperCase(),
      `${path}/../api`,
      `${path}%2f`,
      `${path}%`,
      `http://x${path}`,
    ),
    fc.webPath().map((some) => `/${some}`),
  );
const query = mostly(
  fc.constant(""),
  fc.oneof(
    fc.integer().map((days) => `?days=${days}`),
    fc.webQueryParameters().map((is) => `?${is}`),
  ),
);

/** A request to a route of the table, right or wrong in any place. */
export const fuzzed: fc.Arbitrary<Fuzzed> = fc
  .constantFrom(...(Object.keys(routes) as (keyof typeof routes)[]), ...Array<"chat">(10).fill("chat"))
  .chain((name) =>
    fc.record({
      method: mostly(fc.constant(valid[name][0]), fc.constantFrom(...methods)),
      path: fc.tuple(pathLike(routes[name]), query).map(([path, query]) => path + query),
      headers,
      plain: bodyLike(valid[name][1]),
      packing,
      isChunked: fc.boolean(),
    }),
  )
  .map(({ headers, plain, packing, ...request }) => ({
    ...request,
    headers: packing === undefined ? headers : [...headers, "Content-Encoding", packing],
    body: packing === undefined ? plain : packings[packing]!(plain),
  }));
