import { isSecretName } from "../../text/secret-words.ts";
import { OPENAI_URL, readBaseUrl } from "./base-url.ts";

/** A shorter value is a version or a switch, unless its name says that it is a secret. */
const SHORT = 8;

/** Values that may be secret by their length or their name. */
const secretValues = (values: Iterable<[string, string]>): string[] =>
  [...values]
    .filter(([name, value]) => value.length >= SHORT || isSecretName(name.toLowerCase()))
    .map(([, value]) => value);

/** What must not be repeated of what is sent to an AI. */
export function upstreamSecrets({
  baseUrl,
  apiKey,
  headers = {},
}: {
  baseUrl: string | undefined;
  apiKey: string | undefined;
  headers: Readonly<Record<string, string>> | undefined;
}): string[] {
  const { secrets, search } = readBaseUrl(baseUrl || OPENAI_URL);
  const query = new URLSearchParams(search);
  return [...secrets, apiKey?.trim() ?? "", ...secretValues(query), ...secretValues(Object.entries(headers))];
}
