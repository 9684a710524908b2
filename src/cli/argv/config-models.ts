import { isApiKey } from "../../protocol/api-key.ts";
import { isRecord } from "../../text/loose-json.ts";
import { nearest } from "../../text/nearest.ts";
import { keyOf, readFields, type Fields } from "./config-fields.ts";
import { modelOptions, type FileModel } from "./model-options.ts";

interface Models {
  models: FileModel[];
  complaints: string[];
  /** Complaints about models without an address and a key, which are right if there is a key for OpenAI. */
  keyless: string[];
}

/** What says where a model is; a wrong one has a complaint of its own. */
const connecting = ["baseUrl", "apiKey"].flatMap((name) => {
  const key = keyOf(name);
  return [key, `${key}_env`, `${key}_file`];
});

/** The names from a model along `fallback`, up to one that comes twice or has none. */
function chain(start: string, next: ReadonlyMap<string, string | undefined>): string[] {
  const names = [start];
  for (let name = next.get(start); name !== undefined; name = next.get(name)) {
    const again = names.includes(name);
    names.push(name);
    if (again) break;
  }
  return names;
}

/** Complaints about names that come twice, unknown fallbacks, and circles. */
function faultsBetween(models: readonly Partial<FileModel>[], at: (index: number) => string): string[] {
  const names = models.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const next = new Map(
    models.flatMap(({ name, fallback }) => (name === undefined ? [] : [[name, fallback]])),
  );
  return models.flatMap(({ name, fallback }, index) => {
    const complaints: string[] = [];
    const first = models.findIndex((model) => model.name === name);
    if (name !== undefined && first < index)
      complaints.push(`${at(index)}.name must be another name: models[${first}] has it.`);
    if (fallback === undefined) return complaints;
    const close = nearest(fallback, names);
    if (!names.includes(fallback))
      complaints.push(
        `${at(index)}.fallback must be the name of a model.${close === undefined ? "" : ` Did you mean ${close}?`}`,
      );
    const way = name === undefined ? [] : chain(name, next);
    // Each circle is reported once, at its first model.
    const isCircle = way.length > 1 && way.at(-1) === name;
    if (isCircle && way.every((one) => names.indexOf(one) >= index))
      complaints.push(`${at(index)}.fallback must not lead back to the model: ${way.join(" → ")}.`);
    return complaints;
  });
}

/** Reads `models`. The models are whole only if there are no complaints. */
export function readModels({ content, ...rest }: Fields): Models {
  const { models } = content;
  if (!Array.isArray(models) || models.length === 0)
    return {
      models: [],
      keyless: [],
      complaints: [`${rest.at}models must be a list of at least one model.`],
    };
  const at = (index: number) => `${rest.at}models[${index}]`;
  const read = models.map((model: unknown, index) => {
    if (!isRecord(model)) return { found: {}, complaints: [`${at(index)} must be an object.`] };
    const { found, complaints } = readFields(modelOptions, { ...rest, content: model, at: `${at(index)}.` });
    const missing = Object.hasOwn(model, "name") ? [] : [`${at(index)}.name is missing.`];
    const { apiKey, baseUrl } = found as FileModel;
    const misplaced =
      apiKey !== undefined && isApiKey(apiKey) && baseUrl === undefined
        ? [`${at(index)} needs a base_url: its API key is of a chat server (aic_…), not of OpenAI.`]
        : [];
    return { found, complaints: [...missing, ...complaints, ...misplaced] };
  });
  const found = read.map((one) => one.found as FileModel);
  const keyless = models.flatMap((model: unknown, index) => {
    if (!isRecord(model) || connecting.some((key) => Object.hasOwn(model, key))) return [];
    return [`${at(index)} needs a base_url, or an API key for OpenAI.`];
  });
  return {
    models: found,
    keyless,
    complaints: [...read.flatMap((one) => one.complaints), ...faultsBetween(found, at)],
  };
}
