import { keyOf } from "./config-fields.ts";
import { fileOptions } from "./config-file.ts";
import { modelOptions } from "./model-options.ts";
import type { Option } from "./option.ts";
import { SECRET_URLS } from "../../text/secret-words.ts";

type Schema = Readonly<Record<string, unknown>>;

const elsewhere = (help: string, form: string): Schema => ({
  type: "string",
  minLength: 1,
  description: `${form} with this: ${help}`,
});

/** The properties of an option, and that at most one of them is there. */
function ofOption(name: string, option: Option<unknown>): { properties: Schema; one: Schema[] } {
  const key = keyOf(name);
  const { help, schema } = option;
  const literal = { ...schema, description: help };
  if (option.elsewhere === undefined) return { properties: { [key]: literal }, one: [] };
  const secret = { not: { anyOf: SECRET_URLS.map((pattern) => ({ pattern })) } };
  const forms =
    option.elsewhere === "password" ? [key, `${key}_env`, `${key}_file`] : [`${key}_env`, `${key}_file`];
  return {
    properties: {
      ...(option.elsewhere === "password" && { [key]: { ...literal, ...secret } }),
      [`${key}_env`]: elsewhere(help, "name of a variable"),
      [`${key}_file`]: elsewhere(help, "path of a file"),
    },
    one: forms.flatMap((form, at) => forms.slice(at + 1).map((other) => notBoth(form, other))),
  };
}

const notBoth = (...names: string[]): Schema => ({ not: { required: names } });

function ofTable(table: Readonly<Record<string, Option<unknown>>>): { properties: Schema; allOf: Schema[] } {
  const all = Object.entries(table).map(([name, option]) => ofOption(name, option));
  return {
    properties: Object.fromEntries(all.flatMap(({ properties }) => Object.entries(properties))),
    allOf: all.flatMap(({ one }) => one),
  };
}

/**
 * JSON Schema (draft 7, which editors know) of the configuration file. It cannot see what is outside of the file, nor
 * whether the names of models fit together.
 */
export function configSchema(): Schema {
  const server = ofTable(fileOptions);
  const model = ofTable(modelOptions);
  const apart = [
    ...["store", "store_env", "store_file"].map((store) => notBoth("data", store)),
    ...["model", "base_url", "base_url_env", "base_url_file", "headers"].map((one) => notBoth("models", one)),
  ];
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration of ai-chat serve",
    type: "object",
    additionalProperties: false,
    properties: {
      $schema: { type: "string" },
      ...server.properties,
      models: {
        type: "array",
        minItems: 1,
        description: "the models that answer; the first is the default",
        items: { type: "object", additionalProperties: false, required: ["name"], ...model },
      },
    },
    allOf: [...server.allOf, ...apart],
  };
}
