import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newApiKey } from "../../../../src/protocol/api-key.ts";
import { fileOptions } from "../../../../src/cli/argv/config-file.ts";
import { keyOf } from "../../../../src/cli/argv/config-fields.ts";
import { ofServer, optionNamed, secretsOfServer, type OptionName } from "../../../../src/cli/argv/options.ts";
import { resolve, type Given } from "../../../../src/cli/argv/resolve.ts";

const SECRET = "geheim-4711";
let dir: string;
let path: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-config-"));
  path = join(dir, "chat.json");
  await mkdir(join(dir, "secrets"));
  await writeFile(join(dir, "secrets", "key"), "sk-file\n");
  await writeFile(join(dir, "lines"), "two\n\n");
  await writeFile(join(dir, "empty"), "\n");
  await writeFile(join(dir, "binary"), Buffer.from([0xff, 0xfe]));
});
afterAll(() => rm(dir, { recursive: true }));

const names: OptionName[] = ["config", ...ofServer, ...secretsOfServer];

async function read(content: unknown, more: Partial<Given> = {}, wanted = names) {
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  const env = { AI_CHAT_CONFIG: path, KEY: "sk-env", ...more.env };
  return resolve(wanted, { flags: new Map(), setting: () => undefined, ...more, env });
}

/** A value of each option that is not its default, as JSON. */
const samples: Partial<Record<OptionName, string | number | boolean>> = {
  maxBuffered: 2 ** 20,
  maxBody: 2 ** 20,
  corsOrigin: "http://a",
  host: "::1",
  tlsCert: "/srv/cert.pem",
  tlsKey: "/srv/key.pem",
  data: "/srv/chat",
  ledgerKey: "/etc/ledger.key",
  store: "postgres://u@h/d",
  provider: "demo",
  baseUrl: "http://h/v1",
  model: "m",
  system: "s",
  log: "json",
  logLevel: "warn",
  logFile: "/var/log/chat.log",
  limitQuestions: "7/1m",
  refill: "7/week",
  registration: "invite",
  limitLogin: "7/1h",
  limitLoginAddress: "7/1h",
  limitLoginStrangers: "7/1h",
  limitRegister: "7/1m",
  noPage: true,
};

test("every option of serve can come from the file, and flag and variable win over it", async () => {
  for (const name of ofServer) {
    const option = optionNamed(name);
    const value = samples[name] ?? 7;
    const content = { [keyOf(name)]: value };
    const fromFile = await read(content);
    expect([fromFile.values[name], fromFile.sources[name], fromFile.complaints], name).toEqual([
      option.read(value),
      "file",
      [],
    ]);
    const text = option.fallback === undefined ? String(value) : (option.shown ?? "false");
    const variable = option.env?.[0] ?? "";
    const fromEnv = await read(content, { env: { [variable]: text } });
    expect([fromEnv.values[name], fromEnv.sources[name]], name).toEqual([option.parse(text), "environment"]);
    const flags = new Map([[name, text]]);
    const fromFlag = await read(content, { flags, env: { [variable]: String(value) } });
    expect([fromFlag.values[name], fromFlag.sources[name]], name).toEqual([option.parse(text), "flag"]);
  }
});

test("a secret comes from a variable or a file that the file names, and a variable of its own wins", async () => {
  for (const name of ["apiKey", "storePassword"] as const) {
    const key = keyOf(name);
    expect((await read({ [`${key}_env`]: "KEY" })).values[name]).toBe("sk-env");
    expect((await read({ [`${key}_file`]: "secrets/key" })).values[name]).toBe("sk-file");
    const [variable = ""] = optionNamed(name).env ?? [];
    expect((await read({ [`${key}_env`]: "KEY" }, { env: { [variable]: "own" } })).values[name]).toBe("own");
  }
  expect((await read({ store_password_file: "lines" })).values.storePassword).toBe("two\n");
  const headers = { "api-key_env": "KEY", "x-token_file": "secrets/key", plain: "p" };
  expect((await read({ headers })).values.headers).toEqual({
    "api-key": "sk-env",
    "x-token": "sk-file",
    plain: "p",
  });
});

test("a byte order mark is dropped, and relative folders count from the file", async () => {
  const { values, complaints } = await read('\ufeff{"data": "store"}');
  expect([values.data, complaints]).toEqual([join(dir, "store"), []]);
});

test("a list of models is given on as it was checked", async () => {
  const { models, complaints } = await read({
    models: [
      { name: "a", api_key_file: "secrets/key", price: 5, headers: { "api-key_env": "KEY" } },
      { name: "b", base_url: "http://h/v1", fallback: "a", extra_body: { top_p: 1 } },
    ],
  });
  expect(complaints).toEqual([]);
  expect(models).toEqual([
    { name: "a", apiKey: "sk-file", price: 5, headers: { "api-key": "sk-env" } },
    { name: "b", baseUrl: "http://h/v1", fallback: "a", extraBody: { top_p: 1 } },
  ]);
});

test("a command that takes only the store does not look at the rest of the file", async () => {
  const content = { data: "store", api_key_env: "NOT_SET", nonsense: 1, models: [] };
  const { values, complaints } = await read(content, {}, ["config", "data", "store"]);
  expect([values.data, complaints]).toEqual([join(dir, "store"), []]);
});

const m = (more: object = {}) => ({ name: "m", api_key_env: "KEY", ...more });
const key = { api_key_env: "KEY" };

test.each<[content: unknown, complaints: string[], env?: Record<string, string>]>([
  ["{", [" is not JSON at line 1, column 2."]],
  [`{\n  "api_key": "${SECRET}"\n  "port": 1}`, [" is not JSON at line 3, column 3."]],
  ['{"port": 1,\n"port": 2}', [" has port twice: line 2, column 1."]],
  ["[]", [" must be a JSON object."]],
  [
    { prot: 1, modles: [], [SECRET.toUpperCase()]: 1 },
    [
      "prot is not known. Did you mean port?",
      "modles is not known. Did you mean models?",
      "GEHEIM-4711 is not known.",
    ],
  ],
  [{ "starting-tokens": 1 }, ["starting-tokens is not known. Did you mean starting_tokens?"]],
  [
    { port: SECRET, price: "5", log: SECRET },
    [
      "port must be a whole number from 0 to 65535.",
      "price must be a whole number from 0 to 1000000000.",
      "log must be pretty, json or silent.",
    ],
  ],
  [{ host: 5 }, ["host must be text in quotes."]],
  [
    { api_key: SECRET },
    ["api_key must be left out: name a variable or a file with the secret in api_key_env or api_key_file."],
  ],
  [
    { jwt_secret: SECRET.repeat(5) },
    [
      "jwt_secret must be left out: name a variable or a file with the secret in jwt_secret_env or jwt_secret_file.",
    ],
  ],
  [
    { store: `postgres://u:${SECRET}@h/d` },
    ["store must be left out: name a variable or a file with the secret in store_env or store_file."],
  ],
  [
    { base_url: `http://h/v1?key=${SECRET}` },
    [
      "base_url must be left out: name a variable or a file with the secret in base_url_env or base_url_file.",
    ],
  ],
  [
    { headers: { "api-key": SECRET, b_env: "NOT_SET", Authorization: SECRET } },
    [
      "headers.api-key must be left out: name a variable or a file with the secret in api-key_env or api-key_file.",
      "headers.b_env must be the name of a variable that is set.",
      "headers.Authorization must be left out, because the program sets this header itself.",
    ],
  ],
  [
    { headers: { "X-Title": "a", "x-title": "b", "api-key_env": "KEY", "API-Key_file": "secrets/key" } },
    [
      "headers.x-title must be left out beside X-Title.",
      "headers.API-Key_file must be left out beside api-key_env.",
    ],
  ],
  [{ api_key_env: SECRET }, ["api_key_env must be the name of a variable that is set."]],
  [{ api_key_env: "toString" }, ["api_key_env must be the name of a variable that is set."]],
  [{ api_key_file: SECRET }, ["api_key_file must be a file of text that can be read (ENOENT)."]],
  [{ api_key_file: "secrets" }, ["api_key_file must be a file of text that can be read (EISDIR)."]],
  [{ api_key_file: "empty" }, ["api_key_file must be a file with some text."]],
  [
    { api_key_file: "binary" },
    ["api_key_file must be a file of text that can be read (ERR_ENCODING_INVALID_ENCODED_DATA)."],
  ],
  [{ api_key_file: "lines" }, []],
  [
    { api_key_env: "KEY", api_key_file: "secrets/key" },
    ["api_key_file must be left out beside api_key_env."],
  ],
  [
    { jwt_secret_file: "secrets/key" },
    [
      "jwt_secret_file must be a file whose content is at least 32 bytes long (openssl rand -base64 48 makes one).",
    ],
  ],
  [
    { jwt_secret_env: "KEY" },
    [
      "jwt_secret_env must be a variable whose value is at least 32 bytes long (openssl rand -base64 48 makes one).",
    ],
  ],
  [{ data: "d", store: "postgres://h/d" }, ["data must be left out beside store."]],
  [{ models: [] }, ["models must be a list of at least one model."]],
  [
    { models: [m(), 5, { price: "x", ...key }] },
    [
      "models[1] must be an object.",
      "models[2].name is missing.",
      "models[2].price must be a whole number from 0 to 1000000000.",
    ],
  ],
  [
    { models: [m({ prize: 1, api_key: SECRET })] },
    [
      "models[0].prize is not known. Did you mean price?",
      "models[0].api_key_env must be left out beside api_key.",
    ],
  ],
  [
    { models: [{ name: "m", api_key: SECRET }] },
    [
      "models[0].api_key must be left out: name a variable or a file with the secret in api_key_env or api_key_file.",
    ],
  ],
  [{ models: [{ name: "m" }] }, ["models[0] needs a base_url, or an API key for OpenAI."]],
  [{ models: [{ name: "m" }] }, [], { OPENAI_API_KEY: "sk" }],
  [{ models: [{ name: "m" }] }, [], { AI_CHAT_PROVIDER: "demo" }],
  [{ models: [m(), m()] }, ["models[1].name must be another name: models[0] has it."]],
  [
    { models: [m({ fallback: "me" }), m({ name: "other" })] },
    ["models[0].fallback must be the name of a model. Did you mean m?"],
  ],
  [{ models: [m({ fallback: "m" })] }, ["models[0].fallback must not lead back to the model: m → m."]],
  [
    {
      models: [
        m({ name: "a", fallback: "b" }),
        m({ name: "b", fallback: "c" }),
        m({ name: "c", fallback: "b" }),
      ],
    },
    ["models[1].fallback must not lead back to the model: b → c → b."],
  ],
  [
    { models: [m({ extra_body: { stream: true } })] },
    ["models[0].extra_body must be without stream, which the program sets itself."],
  ],
  [{ models: [m()], model: "x" }, ["model must be left out, because PATH has a list of models."]],
  [
    { models: [m()] },
    [
      "AI_CHAT_MODEL must be left out, because PATH has a list of models.",
      "AI_CHAT_BASE_URL must be left out, because PATH has a list of models.",
    ],
    { AI_CHAT_MODEL: "x", AI_CHAT_BASE_URL: "http://h/v1" },
  ],
  [
    {},
    ["AI_CHAT_API_KEY_FILE must be unset, because AI_CHAT_API_KEY is set."],
    { AI_CHAT_API_KEY_FILE: "f", AI_CHAT_API_KEY: SECRET },
  ],
  ...["AI_CHAT_API_KEY", "OPENAI_API_KEY"].map((name): [object, string[], Record<string, string>] => [
    {},
    [
      `${name} must be a key of OpenAI; this one is of a chat server (aic_…), whose address --base-url would name.`,
    ],
    { [name]: newApiKey() },
  ]),
  // letta-ai/letta#3069
  ...['"', "'"].map((quote): [object, string[], Record<string, string>] => [
    {},
    ["AI_CHAT_API_KEY must be a key without quotes around it."],
    { AI_CHAT_API_KEY: quote + SECRET + quote },
  ]),
  // lidge-jun/opencodex#1582
  ...["http://h/v1/chat/completions", "http://h/v1/chat/completions/?api-version=1"].map(
    (url): [object, string[], Record<string, string>] => [
      {},
      [`AI_CHAT_BASE_URL must be the address before /chat/completions, not "${url}".`],
      { AI_CHAT_BASE_URL: url },
    ],
  ),
  [
    {
      models: [
        m({ api_key_env: "CHAT_KEY" }),
        m({ name: "b", api_key_env: "CHAT_KEY", base_url: "http://h/v1" }),
      ],
    },
    ["models[0] needs a base_url: its API key is of a chat server (aic_…), not of OpenAI."],
    { CHAT_KEY: newApiKey() },
  ],
  [
    {},
    ["AI_CHAT_STORE_FILE must be a file of text that can be read (ENOENT)."],
    { AI_CHAT_STORE_FILE: "/nowhere/x" },
  ],
  [
    {},
    ['AI_CHAT_BASE_URL must be an address that begins with http:// or https://, not "u:…@h".'],
    { AI_CHAT_BASE_URL: `u:${SECRET}@h` },
  ],
  [{}, ["AI_CHAT_HEADERS must be a JSON object of headers."], { AI_CHAT_HEADERS: SECRET }],
  [
    {},
    ['AI_CHAT_HEADERS must be a JSON object in which "a b" is a valid name of a header.'],
    { AI_CHAT_HEADERS: `{"a b":"${SECRET}"}` },
  ],
  [
    {},
    ['AI_CHAT_HEADERS must be a JSON object in which "a" is text in visible ASCII characters.'],
    { AI_CHAT_HEADERS: `{"a":["${SECRET}"]}` },
  ],
  [
    { headers: { "api-key_file": "lines" } },
    ["headers.api-key_file must be a file whose content is text in visible ASCII characters."],
  ],
])("the complaints about %j", async (content, wanted, env = {}) => {
  const { complaints } = await read(content, { env });
  const told = complaints.map((line) => line.replace(`${path}: `, "").replace(path, "PATH"));
  expect(told.map((line) => line.replace(/^PATH /, " "))).toEqual(wanted);
  expect(complaints.join("\n")).not.toContain(SECRET);
});

test.each(["{nowhere}", "/dev/null", "/"])("a file that can't be read is one complaint: %s", (file) => {
  const given = { flags: new Map([["config", file] as const]), env: {}, setting: () => undefined };
  expect(resolve(names, given).complaints).toEqual([expect.stringMatching(/^\S+ can't be read \(\w+\)\.$/)]);
});

test("a literal secret is quoted nowhere, whichever name of the file it stands at", async () => {
  const keys = [...Object.keys(fileOptions).map(keyOf), "password", "models", "headers", "$schema"];
  for (const one of keys)
    for (const form of [one, `${one}_env`, `${one}_file`])
      for (const value of [SECRET, [SECRET], { [one]: SECRET }, [{ name: "m", [form]: SECRET }]]) {
        const top = await read({ [form]: value });
        const inside = await read({ models: [{ name: "m", [form]: value }] });
        expect([top.complaints, inside.complaints].flat().join("\n"), form).not.toContain(SECRET);
      }
});

test("an API key of a chat server is the AI's key where an address is named", async () => {
  const key = newApiKey();
  const { values, complaints } = await read(
    {},
    { env: { AI_CHAT_API_KEY: key, AI_CHAT_BASE_URL: "http://h/v1" } },
  );
  expect(complaints).toEqual([]);
  expect(values.apiKey).toBe(key);
});
