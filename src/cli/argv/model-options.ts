import { isRecord } from "../../text/loose-json.ts";
import { FILLED, filled, json, LARGEST, number, text, toggle, whole, type Option } from "./option.ts";
import { serverOptions } from "./server-options.ts";
import { serverSecrets } from "./server-secrets.ts";

/** A name that every header and every command line can carry. */
const NAME = "^(?=.{1,200}$)[\\x21-\\x7e]+( +[\\x21-\\x7e]+)*$";

function modelName(typed: string): string {
  if (new RegExp(NAME).test(typed)) return typed;
  throw new Error("1 to 200 visible ASCII characters");
}

/** What the program itself puts into a request. */
const FIXED = ["messages", "model", "stream"];

function extraBody(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw new Error("a JSON object");
  const fixed = FIXED.find((name) => Object.hasOwn(value, name));
  if (fixed !== undefined) throw new Error(`without ${fixed}, which the program sets itself`);
  return value;
}

/** A parameter of OpenAI's API. */
const PARAMETER = "^[a-z_]{1,64}$";

function parameters(value: unknown): string[] {
  const isName = (name: unknown): name is string =>
    typeof name === "string" && new RegExp(PARAMETER).test(name);
  if (Array.isArray(value) && value.every(isName)) return value;
  throw new Error('a list of names such as ["service_tier"]');
}

/** The fields of an entry of `models` in the configuration file (docs/server.md#several-models). */
export const modelOptions = {
  name: text({ pattern: NAME, help: "its name for users" }, modelName),
  upstream: text({ pattern: FILLED, help: "its name at the AI", shown: "the name" }, filled),
  baseUrl: serverOptions.baseUrl,
  apiKey: serverSecrets.apiKey,
  price: serverOptions.price,
  system: serverOptions.system,
  contextChars: serverOptions.contextChars,
  messageChars: serverOptions.messageChars,
  images: toggle({ help: "whether it takes images" }),
  maxOutputTokens: whole({ help: "longest answer, in tokens of the AI" }, undefined, [1, LARGEST]),
  temperature: number({ help: "0 to 2" }, [0, 2]),
  reasoningEffort: text({ pattern: FILLED, help: "such as low, medium or high" }, filled),
  extraBody: json(
    { help: "more fields of the request" },
    { type: "object", propertyNames: { not: { enum: FIXED } } },
    extraBody,
  ),
  headers: serverSecrets.headers,
  allow: json(
    { help: "parameters of OpenAI's API that clients may use besides the usual ones" },
    { type: "array", items: { type: "string", pattern: PARAMETER } },
    parameters,
  ),
  fallback: text({ pattern: NAME, help: "the model that is asked if this one fails" }, modelName),
};

type Parsed<O> = O extends Option<infer T> ? T : never;

/** An entry of `models`, checked. */
export type FileModel = {
  [K in keyof typeof modelOptions]?: Parsed<(typeof modelOptions)[K]>;
} & { name: string };
